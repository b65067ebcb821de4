-- Plans, who has which, what they used of it, and credits: a ledger and counters that agree.
--
-- A month is the calendar month in UTC. A limit that a plan does not name does not exist: nothing is
-- counted on a row that everybody shares, the ledger alone grows.

create type outrider.meter as enum ('mails', 'lookups', 'ai_credits');
create type outrider.subscription_status as enum ('trialing', 'active', 'past_due', 'cancelled', 'paused');
create type outrider.credit_kind as enum ('grant', 'spend', 'refund', 'expire');

create table outrider.plans (
  code       text primary key check (code ~ '^[a-z0-9_]+$'),
  name       text not null,
  limits     jsonb not null default '{}',  -- {"mails_month", "credits_month", "contacts"}: whole numbers; absent: no limit
  created_at timestamptz not null default outrider.now(),
  check (jsonb_typeof(limits) = 'object')
);
comment on table outrider.plans is 'The catalogue: what a tenant may use; a tier is a row, not an enum || owner';

insert into outrider.plans (code, name, limits) values
  ('self_hosted', 'Self-hosted', '{}'),
  ('starter', 'Starter', '{"credits_month": 1000, "contacts": 1000, "mails_month": 2000}'),
  ('growth', 'Growth', '{"credits_month": 6000, "contacts": 10000, "mails_month": 15000}'),
  ('scale', 'Scale', '{"credits_month": 20000, "contacts": 50000, "mails_month": 40000}');

create table outrider.subscriptions (
  id            uuid primary key default outrider.uuid_v7(),
  tenant_id     uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  plan_code     text not null references outrider.plans (code),
  status        outrider.subscription_status not null default 'active',
  source_system text,
  source_id     text,
  source_status text,
  created_at    timestamptz not null default outrider.now(),
  updated_at    timestamptz not null default outrider.now()
);
create unique index subscriptions_live_uk on outrider.subscriptions (tenant_id) where status <> 'cancelled';
create index subscriptions_tenant_idx on outrider.subscriptions (tenant_id, created_at);
comment on table outrider.subscriptions is 'A tenant''s plan and whether it is paid; none: self_hosted || operator';

-- One row per thing that was counted. What was given back may be taken again under its key.
create table outrider.usage_events (
  tenant_id    uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  meter        outrider.meter not null,
  key          text not null,
  quantity     bigint not null check (quantity > 0),
  period_start date not null,
  times        integer not null default 1,      -- how often it was taken: a refund makes room for the next
  taken_at     timestamptz not null default outrider.now(),
  refunded_at  timestamptz,
  primary key (tenant_id, meter, key)
);
create index usage_events_sum_idx on outrider.usage_events (tenant_id, meter, period_start) include (quantity)
  where refunded_at is null;
create index usage_events_age_idx on outrider.usage_events (period_start);
comment on table outrider.usage_events is 'Ledger of use: a key counts once || every metered actor';

create table outrider.usage_counters (
  tenant_id    uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  meter        outrider.meter not null,
  period_start date not null,
  quantity     bigint not null check (quantity >= 0),
  warned_at    timestamptz,
  primary key (tenant_id, meter, period_start)
);
comment on table outrider.usage_counters is 'What a tenant used of a limit this month; only of meters that its plan limits || every metered actor';

create table outrider.credit_accounts (
  tenant_id   uuid primary key default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  balance     bigint not null default 0 check (balance >= 0),
  entries     bigint not null default 0,
  spent       bigint not null default 0,          -- in the month spent_in, less what of it was given back
  spent_in    date,
  warned_at   timestamptz,
  updated_at  timestamptz not null default outrider.now()
);
comment on table outrider.credit_accounts is 'A tenant''s balance: the last line of its ledger || every spending actor';

create table outrider.credit_transactions (
  tenant_id     uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  entry         bigint not null check (entry > 0),
  kind          outrider.credit_kind not null,
  credits       bigint not null check (credits <> 0),
  balance_after bigint not null check (balance_after >= 0),
  key           text,
  period_start  date,                           -- of what a plan grants, and of spends with their refunds: the month
  reason        text,
  source_system text,
  source_id     text,
  source_status text,
  created_at    timestamptz not null default outrider.now(),
  primary key (tenant_id, entry),
  unique (tenant_id, key)
);
create index credit_transactions_grants_idx on outrider.credit_transactions (tenant_id, period_start)
  where kind = 'grant' and period_start is not null;
comment on table outrider.credit_transactions is 'Append-only ledger of credits with its running balance || every spending actor';

call outrider.protect('outrider.subscriptions', 'read', 'select', 'select, insert, update');
call outrider.protect('outrider.usage_events', 'none', 'select, insert, update', 'select');
call outrider.protect('outrider.usage_counters', 'read', 'select, insert, update', 'select, delete');
call outrider.protect('outrider.credit_accounts', 'read', 'select, insert, update', 'select');
call outrider.protect('outrider.credit_transactions', 'read', 'select, insert', 'select');

alter table outrider.plans enable row level security;
grant select on outrider.plans to outrider_client, outrider_worker, outrider_operator;
create policy everybody_reads on outrider.plans for select to outrider_client, outrider_worker, outrider_operator using (true);

-- Nobody changes the own role, the owner of the tenant included: another owner has to.
create policy never_oneself_i on outrider.memberships as restrictive for insert to outrider_client
  with check (user_id <> (select outrider.current_user_id()));
create policy never_oneself_u on outrider.memberships as restrictive for update to outrider_client
  using (user_id <> (select outrider.current_user_id())) with check (user_id <> (select outrider.current_user_id()));

-- A tenant's plan and standing. What is live counts, else what was cancelled last, else it is our own.
create function outrider.plan_of(p_tenant uuid)
returns table (code text, name text, status outrider.subscription_status, limits jsonb)
language sql stable begin atomic       -- parsed when it is made, so that it becomes part of a caller's plan
  select p.code, p.name, coalesce(s.status, 'active'), p.limits
    from (select) one
    left join lateral (
         select t.plan_code, t.status from outrider.subscriptions t where t.tenant_id = p_tenant
          order by t.status = 'cancelled', t.created_at desc limit 1) s on true
    join outrider.plans p on p.code = coalesce(s.plan_code, 'self_hosted');
end;

create function outrider.this_month() returns date
language sql stable begin atomic
  select date_trunc('month', outrider.now() at time zone 'UTC')::date;
end;

-- The counter of a month, begun where the ledger stands: a plan may have been without this limit.
create function outrider.open_counter(p_meter outrider.meter, p_month date) returns void
language plpgsql volatile set search_path = '' as $$
begin
  if not exists (select from outrider.usage_counters c where c.tenant_id = outrider.current_tenant_id()
                    and c.meter = p_meter and c.period_start = p_month) then
    insert into outrider.usage_counters (tenant_id, meter, period_start, quantity)
    select outrider.current_tenant_id(), p_meter, p_month, coalesce(sum(e.quantity), 0)
      from outrider.usage_events e
     where e.tenant_id = outrider.current_tenant_id() and e.meter = p_meter and e.period_start = p_month
       and e.refunded_at is null
        on conflict do nothing;
  end if;
end $$;

-- One line of the credit ledger. A balance that would become negative, and a key that is known, book nothing.
create function outrider.book_credits(
  p_kind outrider.credit_kind, p_credits bigint, p_key text, p_reason text, p_month date default null,
  out booked boolean, out balance bigint)
language plpgsql volatile set search_path = '' as $$
declare
  me   uuid := outrider.current_tenant_id();
  line bigint;
begin
  insert into outrider.credit_accounts (tenant_id) values (me) on conflict do nothing;
  -- One after another from here on: what the next statements read is what they change.
  select a.balance, a.entries + 1 into balance, line from outrider.credit_accounts a where a.tenant_id = me for update;
  booked := balance + p_credits >= 0
    and not exists (select from outrider.credit_transactions t where t.tenant_id = me and t.key = p_key);
  if not booked then
    return;
  end if;
  balance := balance + p_credits;
  update outrider.credit_accounts a
     set balance = book_credits.balance, entries = line,
         spent = case when p_kind not in ('spend', 'refund') then a.spent
                      when p_month = a.spent_in then a.spent - p_credits
                      when p_kind = 'spend' then -p_credits
                      else a.spent end,           -- what a month that is over gets back is in the ledger alone
         spent_in = case p_kind when 'spend' then p_month else a.spent_in end
   where a.tenant_id = me;
  insert into outrider.credit_transactions (tenant_id, entry, kind, credits, balance_after, key, reason, period_start)
  values (me, line, p_kind, p_credits, balance, p_key, p_reason, p_month);
end $$;

-- This month's credits of the plan, once; after an upgrade, the rest. What is left of the last month's
-- expires first, for they are spent before any others. Returns how many were granted.
create function outrider.renew_credits() returns bigint
language plpgsql volatile set search_path = '' as $$
declare
  me      uuid := outrider.current_tenant_id();
  month   date := outrider.this_month();
  plan    record;
  monthly bigint;
  granted bigint;
  last    record;
  unspent bigint;
begin
  select * into plan from outrider.plan_of(me);
  monthly := (plan.limits ->> 'credits_month')::bigint;
  if monthly is null or plan.status not in ('trialing', 'active') then
    return 0;
  end if;
  insert into outrider.credit_accounts (tenant_id) values (me) on conflict do nothing;
  perform from outrider.credit_accounts a where a.tenant_id = me for update;
  select coalesce(sum(t.credits), 0) into granted from outrider.credit_transactions t
   where t.tenant_id = me and t.kind = 'grant' and t.period_start = month;
  if granted = 0 then
    select t.period_start, sum(t.credits) as credits, min(t.entry) as entry into last
      from outrider.credit_transactions t
     where t.tenant_id = me and t.kind = 'grant' and t.period_start < month
     group by t.period_start order by t.period_start desc limit 1;
    if found then
      select least(a.balance, last.credits + coalesce((
               select sum(t.credits) from outrider.credit_transactions t
                where t.tenant_id = me and t.entry > last.entry and t.kind in ('spend', 'refund')), 0))
        into unspent from outrider.credit_accounts a where a.tenant_id = me;
      if unspent > 0 then
        perform outrider.book_credits('expire', -unspent, 'expire:' || last.period_start, 'unspent credits of the plan');
      end if;
    end if;
  end if;
  if granted >= monthly then
    return 0;
  end if;
  perform outrider.book_credits('grant', monthly - granted, 'plan:' || month || ':' || monthly,
                                'the plan ' || plan.name, month);
  return monthly - granted;
end $$;

-- Take some of what the plan gives, or be told why not. A key that is counted is not counted again.
--   outcome  taken | known | unpaid | spent
--   allowed  the month's limit that was asked, or null: the plan has none
--   used     of it, this one included; of credits what the month spent, be it of the plan's or of a gift
--   warned   this take was the first of the month to reach 80 %
create function outrider.take_usage(
  p_meter outrider.meter, p_quantity bigint, p_key text,
  out outcome text, out plan text, out status outrider.subscription_status, out of_credits boolean,
  out used bigint, out allowed bigint, out month date, out resets_at timestamptz, out warned boolean)
language plpgsql volatile set search_path = '' as $$
declare
  me      uuid := outrider.current_tenant_id();
  limits  jsonb;
  balance bigint;
  enough  boolean := true;
  turn    integer;
begin
  -- Whoever changes the plan waits for us, and we for them; among ourselves nobody waits.
  perform pg_advisory_xact_lock_shared(7362005, hashtext(me::text));
  select p.name, p.status, p.limits into plan, status, limits from outrider.plan_of(me) p;
  month := outrider.this_month();
  resets_at := (month + interval '1 month') at time zone 'UTC';
  warned := false;
  of_credits := p_meter <> 'mails' and limits ? 'credits_month';
  allowed := (limits ->> case when of_credits then 'credits_month' else p_meter || '_month' end)::bigint;
  outcome := 'known';
  if exists (select from outrider.usage_events e
              where e.tenant_id = me and e.meter = p_meter and e.key = p_key and e.refunded_at is null) then
    return;
  end if;
  if status not in ('trialing', 'active') then
    outcome := 'unpaid';
    return;
  end if;

  -- What is limited is taken from the one row that says how much there is; who races waits here.
  if of_credits then
    select a.balance into balance from outrider.credit_accounts a where a.tenant_id = me for update;
    if balance is null or balance < p_quantity then
      perform outrider.renew_credits();         -- a month may have begun that no clock has rung yet
      select a.balance into balance from outrider.credit_accounts a where a.tenant_id = me for update;
    end if;
    enough := coalesce(balance, 0) >= p_quantity;
    used := coalesce((select a.spent from outrider.credit_accounts a where a.tenant_id = me and a.spent_in = month), 0);
  elsif allowed is not null then
    perform outrider.open_counter(p_meter, month);
    update outrider.usage_counters c set quantity = c.quantity + p_quantity
     where c.tenant_id = me and c.meter = p_meter and c.period_start = month
       and c.quantity + p_quantity <= allowed
    returning c.quantity into used;
    enough := found;
  end if;
  if not enough then                            -- or somebody took the last under this very key meanwhile
    if not exists (select from outrider.usage_events e
                    where e.tenant_id = me and e.meter = p_meter and e.key = p_key and e.refunded_at is null) then
      outcome := 'spent';
      used := coalesce(used, (select c.quantity from outrider.usage_counters c
                               where c.tenant_id = me and c.meter = p_meter and c.period_start = month));
    end if;
    return;
  end if;

  insert into outrider.usage_events as e (tenant_id, meter, key, quantity, period_start)
  values (me, p_meter, p_key, p_quantity, month)
      on conflict (tenant_id, meter, key) do update
     set quantity = excluded.quantity, period_start = excluded.period_start, taken_at = excluded.taken_at,
         refunded_at = null, times = e.times + 1
   where e.refunded_at is not null
  returning e.times into turn;
  if not found then                             -- the same, and there was enough for both
    update outrider.usage_counters c set quantity = c.quantity - p_quantity
     where allowed is not null and not of_credits
       and c.tenant_id = me and c.meter = p_meter and c.period_start = month;
    return;
  end if;

  outcome := 'taken';
  if of_credits then
    perform outrider.book_credits('spend', -p_quantity, p_meter || ':' || p_key || '#' || turn, p_meter::text, month);
    used := (select a.spent from outrider.credit_accounts a where a.tenant_id = me);
    update outrider.credit_accounts a set warned_at = outrider.now()
     where a.tenant_id = me and used * 5 >= allowed * 4
       and (a.warned_at is null or a.warned_at < month::timestamp at time zone 'UTC');
    warned := found;
  elsif used * 5 >= allowed * 4 then
    update outrider.usage_counters c set warned_at = outrider.now()
     where c.tenant_id = me and c.meter = p_meter and c.period_start = month and c.warned_at is null;
    warned := found;
  end if;
end $$;

-- Give back what certainly was not used, once; false: nothing is counted under this key.
create function outrider.refund_usage(p_meter outrider.meter, p_key text) returns boolean
language plpgsql volatile set search_path = '' as $$
declare
  me    uuid := outrider.current_tenant_id();
  event record;
  spent text;
begin
  perform pg_advisory_xact_lock_shared(7362005, hashtext(me::text));
  select e.period_start into event from outrider.usage_events e
   where e.tenant_id = me and e.meter = p_meter and e.key = p_key and e.refunded_at is null;
  if not found then
    return false;
  end if;
  if exists (select from outrider.plan_of(me) p where p.limits ? (p_meter || '_month')) then
    perform outrider.open_counter(p_meter, event.period_start);
  end if;
  update outrider.usage_events e set refunded_at = outrider.now()
   where e.tenant_id = me and e.meter = p_meter and e.key = p_key and e.refunded_at is null
  returning e.quantity, e.period_start, e.times into event;
  if not found then
    return false;
  end if;
  update outrider.usage_counters c set quantity = c.quantity - event.quantity
   where c.tenant_id = me and c.meter = p_meter and c.period_start = event.period_start;
  spent := p_meter || ':' || p_key || '#' || event.times;
  if exists (select from outrider.credit_transactions t where t.tenant_id = me and t.key = spent) then
    perform outrider.book_credits('refund', event.quantity, spent || ':refund', p_meter::text, event.period_start);
  end if;
  return true;
end $$;

-- A plan or its payment changed, or credits came: what waited for that is due now.
create function outrider.wake_over_plan() returns integer
language plpgsql volatile set search_path = '' as $$
declare
  jobs  integer;
  steps integer;
begin
  update outrider.jobs j set retry_at = clock_timestamp()
   where j.tenant_id = outrider.current_tenant_id() and j.state = 'delayed' and j.retry_at is not null
     and j.last_error like 'OverPlan: %';
  get diagnostics jobs = row_count;
  with waiting as (
    update outrider.step_executions s set due_at = outrider.now()
     where s.tenant_id = outrider.current_tenant_id() and s.status = 'scheduled' and s.because like 'plan: %'
       and s.due_at > outrider.now()
    returning s.id
  )
  update outrider.jobs j set due_at = outrider.now()
    from waiting w
   where j.tenant_id = outrider.current_tenant_id() and j.actor = 'step.send' and j.state = 'delayed'
     and j.retry_at is null and j.payload ->> 'step_id' = w.id::text;
  get diagnostics steps = row_count;
  return jobs + steps;
end $$;

-- Keys are remembered for 13 months, the counters of those months for ever.
create function outrider.prune_usage(p_limit integer) returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  gone integer;
begin
  delete from outrider.usage_events where ctid = any (array(
    select e.ctid from outrider.usage_events e where e.period_start < outrider.this_month() - interval '13 months'
     order by e.period_start limit p_limit for update skip locked));
  get diagnostics gone = row_count;
  return gone;
end $$;

do $$
declare f text;
begin
  foreach f in array array[
    'open_counter(outrider.meter, date)', 'book_credits(outrider.credit_kind, bigint, text, text, date)',
    'renew_credits()', 'take_usage(outrider.meter, bigint, text)',
    'refund_usage(outrider.meter, text)', 'wake_over_plan()'] loop
    execute 'revoke all on function outrider.' || f || ' from public';
    execute 'grant execute on function outrider.' || f || ' to outrider_worker';
  end loop;
end $$;
revoke all on function outrider.prune_usage(integer) from public;
grant execute on function outrider.prune_usage(integer) to outrider_dispatcher;
