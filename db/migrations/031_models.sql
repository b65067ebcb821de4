-- What a language model is asked, by which version of which prompt, and what it cost: a line per call,
-- and per tenant, UTC day and model a counter that is kept where the line is written.

create type outrider.ai_run_status as enum ('ok', 'error', 'refused', 'invalid_output');

-- No tenant: shipped with the code, put in by `outrider migrate`, read by all and changed by none.
create table outrider.prompts (
  id              uuid primary key default outrider.uuid_v7(),
  tenant_id       uuid default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  key             text not null check (key ~ '^[a-z]+(\.[a-z_]+)+$'),
  current_version integer not null default 1 check (current_version > 0),
  is_active       boolean not null default true,   -- a tenant's own; false: the shipped one counts
  created_at      timestamptz not null default outrider.now(),
  updated_at      timestamptz not null default outrider.now(),
  unique nulls not distinct (tenant_id, key),
  unique (tenant_id, id)
);
comment on table outrider.prompts is 'What a model is asked for; a tenant''s active row goes before the shipped one of the same key || operator, migrate';

create table outrider.prompt_versions (
  id            uuid primary key default outrider.uuid_v7(),
  tenant_id     uuid default outrider.current_tenant_id(),
  prompt_id     uuid not null references outrider.prompts (id) on delete cascade,
  version       integer not null check (version > 0),
  system_text   text not null,
  user_text     text not null check (btrim(user_text) <> ''),
  model         text,                              -- null: the connection's
  temperature   real check (temperature between 0 and 2),
  max_tokens    integer not null check (max_tokens > 0),
  output_schema jsonb not null,
  variables     text[] not null,
  change_note   text not null,
  created_by    text not null,
  created_at    timestamptz not null default outrider.now(),
  unique (prompt_id, version),
  foreign key (tenant_id, prompt_id) references outrider.prompts (tenant_id, id) on delete cascade
);
comment on table outrider.prompt_versions is 'A prompt''s text and how it is asked, never changed once written || operator, migrate';

create function outrider.refuse_change() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception '% is written once; add a version instead', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger prompt_versions_stay before update on outrider.prompt_versions
  for each row execute function outrider.refuse_change();

-- Cents per million tokens; no tenant: the house's price.
create table outrider.model_prices (
  id           uuid primary key default outrider.uuid_v7(),
  tenant_id    uuid default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  model        text not null check (model <> ''),
  input_cents  numeric(14, 6) not null check (input_cents >= 0),
  cached_cents numeric(14, 6) not null check (cached_cents >= 0),
  output_cents numeric(14, 6) not null check (output_cents >= 0),
  updated_at   timestamptz not null default outrider.now(),
  unique nulls not distinct (tenant_id, model)
);
comment on table outrider.model_prices is 'What a model costs, before the list in the code || operator';

create table outrider.ai_limits (
  tenant_id   uuid primary key references outrider.tenants (id) on delete cascade,
  daily_cents numeric(12, 4) not null check (daily_cents >= 0),
  updated_at  timestamptz not null default outrider.now()
);
comment on table outrider.ai_limits is 'What a tenant''s models may cost per UTC day; no row: as the house''s setting says || operator';

-- A run from its job's first attempt to its end: the version it began with, and the call in flight.
create table outrider.ai_runs (
  tenant_id         uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  key               text not null,
  job_id            bigint not null,
  actor             text not null,
  subject_type      text not null,
  subject_id        uuid not null,
  prompt_version_id uuid not null references outrider.prompt_versions (id),
  provider          text not null,
  model             text not null,
  begun_at          timestamptz,                   -- a call was begun, and how it ended is not written yet
  primary key (tenant_id, key)
);
comment on table outrider.ai_runs is 'Model runs that are not over, with the prompt version they began with || every actor that asks a model';

create table outrider.ai_run_logs (
  id                uuid not null default outrider.uuid_v7(),
  tenant_id         uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  actor             text not null,
  subject_type      text not null,
  subject_id        uuid not null,
  prompt_version_id uuid not null references outrider.prompt_versions (id),
  provider          text not null,                 -- the host that was asked
  model             text not null,
  served_by         text,                          -- the exact model, as the answer names it
  request_id        text,
  input_tokens      bigint check (input_tokens >= 0),
  cached_tokens     bigint check (cached_tokens >= 0),
  output_tokens     bigint check (output_tokens >= 0),
  cost_cents        numeric(12, 4) check (cost_cents >= 0),   -- null: nobody knows
  duration_ms       integer,
  status            outrider.ai_run_status not null,
  error             text,                          -- our words, never the model's or the prompt's
  job_id            bigint default outrider.current_job_id(),
  trace_id          text default outrider.current_trace_id(),
  created_at        timestamptz not null default outrider.now(),
  primary key (id, created_at)
) partition by range (created_at);
create table outrider.ai_run_logs_default partition of outrider.ai_run_logs default;
create index ai_run_logs_tenant_idx on outrider.ai_run_logs (tenant_id, created_at desc);
comment on table outrider.ai_run_logs is 'Each model call: prompt version, tokens, cost, outcome; no text of either side || every actor that asks a model';

create table outrider.ai_costs (
  tenant_id     uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  day           date not null,                     -- UTC
  provider      text not null,
  model         text not null,
  calls         integer not null,
  unknown       integer not null,                  -- calls whose cost nobody knows
  input_tokens  bigint not null,
  cached_tokens bigint not null,
  output_tokens bigint not null,
  cost_cents    numeric(16, 4) not null,
  primary key (tenant_id, day, provider, model)
);
comment on table outrider.ai_costs is 'The sum of a day''s run logs, kept by their trigger and by nobody else || trigger on ai_run_logs';

create function outrider.count_ai_cost() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into outrider.ai_costs as c
         (tenant_id, day, provider, model, calls, unknown, input_tokens, cached_tokens, output_tokens, cost_cents)
  values (new.tenant_id, (new.created_at at time zone 'UTC')::date, new.provider, new.model, 1,
          (new.cost_cents is null)::integer, coalesce(new.input_tokens, 0), coalesce(new.cached_tokens, 0),
          coalesce(new.output_tokens, 0), coalesce(new.cost_cents, 0))
      on conflict (tenant_id, day, provider, model) do update
     set calls = c.calls + 1, unknown = c.unknown + excluded.unknown,
         input_tokens = c.input_tokens + excluded.input_tokens,
         cached_tokens = c.cached_tokens + excluded.cached_tokens,
         output_tokens = c.output_tokens + excluded.output_tokens,
         cost_cents = c.cost_cents + excluded.cost_cents;
  return null;
end $$;
revoke all on function outrider.count_ai_cost() from public;
create trigger ai_run_logs_cost after insert on outrider.ai_run_logs
  for each row execute function outrider.count_ai_cost();

-- What a model thinks of a reply that waits for a person. Nothing acts on it.
create table outrider.reply_suggestions (
  tenant_id         uuid not null default outrider.current_tenant_id(),
  reply_id          uuid primary key,
  mail_id           uuid not null,                 -- whose words they are about
  prompt_version_id uuid not null references outrider.prompt_versions (id),
  model             text not null,
  status            outrider.ai_run_status not null,
  intent            outrider.reply_intent,
  why               text,                          -- the model's words about a person's mail
  created_at        timestamptz not null default outrider.now(),
  foreign key (tenant_id, reply_id) references outrider.replies (tenant_id, id) on delete cascade,
  foreign key (tenant_id, mail_id) references outrider.mails (tenant_id, id) on delete cascade,
  constraint reply_suggestions_ok_is_whole check (
    (status = 'ok') = (intent is not null) and (status = 'ok') = (why is not null))
);
create index reply_suggestions_mail_idx on outrider.reply_suggestions (mail_id);
comment on table outrider.reply_suggestions is 'What a model suggests a reply to be, for the person who decides || reply suggestions';

call outrider.protect('outrider.prompts', 'read', 'select, insert, update', 'select');
call outrider.protect('outrider.prompt_versions', 'read', 'select, insert', 'select');
call outrider.protect('outrider.model_prices', 'read', 'select', 'select, insert, update, delete');
call outrider.protect('outrider.ai_limits', 'read', 'select', 'select, insert, update, delete');
call outrider.protect('outrider.ai_runs', 'none', 'select, insert, update, delete', 'select');
call outrider.protect('outrider.ai_run_logs', 'read', 'select, insert', 'select');
call outrider.protect('outrider.ai_costs', 'read', 'select', 'select');
call outrider.protect('outrider.reply_suggestions', 'read', 'select, insert',
  'select (tenant_id, reply_id, mail_id, prompt_version_id, model, status, intent, created_at)');
alter table outrider.ai_run_logs_default enable row level security;   -- partitions are reached only through the parent

do $$
declare t text;
begin
  foreach t in array array['prompts', 'prompt_versions', 'model_prices'] loop
    execute format('create policy shipped_read on outrider.%I for select to outrider_worker
                      using (tenant_id is null or tenant_id = (select outrider.current_tenant_id()))', t);
    execute format('create policy shipped_read_by_client on outrider.%I for select to outrider_client
                      using (tenant_id is null)', t);
  end loop;
end $$;

-- Runs whose job is over, in slices: a call that was begun and never settled is written down as what
-- it is, an answer that was lost at a cost that nobody knows.
create function outrider.forget_ai_runs(p_limit integer) returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  forgotten integer;
begin
  with over as (
    delete from outrider.ai_runs where ctid = any (array(
      select r.ctid from outrider.ai_runs r
       where not exists (select from outrider.jobs j where j.id = r.job_id)
       limit p_limit for update skip locked))
    returning *
  ), lost as (
    insert into outrider.ai_run_logs (tenant_id, actor, subject_type, subject_id, prompt_version_id, provider,
                                      model, status, error, job_id)
    select o.tenant_id, o.actor, o.subject_type, o.subject_id, o.prompt_version_id, o.provider, o.model, 'error',
           'The answer was lost; what it cost is unknown.', o.job_id
      from over o where o.begun_at is not null
  )
  select count(*) into forgotten from over;
  return forgotten;
end $$;
revoke all on function outrider.forget_ai_runs(integer) from public;
grant execute on function outrider.forget_ai_runs(integer) to outrider_dispatcher;

-- Make the partitions of this month and of p_months more; safe to call at any time, from any number of
-- processes. Lines that came first wait in the default partition and move into their month.
create function outrider.make_ai_run_log_months(p_months integer) returns integer
language plpgsql volatile security definer set search_path = '' set lock_timeout = '1s' as $$
declare
  month timestamptz;
  upto  timestamptz;
  part  text;
  made  integer := 0;
begin
  if not pg_try_advisory_xact_lock(7362031) then   -- somebody makes them
    return 0;
  end if;
  for month, upto in
    select (m.onth)::timestamp at time zone 'UTC', (m.onth + interval '1 month')::timestamp at time zone 'UTC'
      from generate_series(0, p_months) n
     cross join lateral (select date_trunc('month', outrider.now() at time zone 'UTC') + n * interval '1 month') m (onth)
     order by 1
  loop
    part := 'ai_run_logs_' || to_char(month at time zone 'UTC', 'YYYYMM');
    continue when pg_catalog.to_regclass('outrider.' || part) is not null;
    begin
      execute format('create table outrider.%I (like outrider.ai_run_logs including defaults including constraints)', part);
      execute format('alter table outrider.%I enable row level security', part);
      lock table outrider.ai_run_logs_default in access exclusive mode;   -- no line slips in between the next two
      execute format('with late as (delete from outrider.ai_run_logs_default
                                     where created_at >= %L and created_at < %L returning *)
                      insert into outrider.%I select * from late', month, upto, part);
      execute format('alter table outrider.ai_run_logs attach partition outrider.%I for values from (%L) to (%L)',
                     part, month, upto);
      made := made + 1;
    exception when lock_not_available then
      null;                                        -- the default partition catches its lines until then
    end;
  end loop;
  return made;
end $$;
revoke all on function outrider.make_ai_run_log_months(integer) from public;
grant execute on function outrider.make_ai_run_log_months(integer) to outrider_dispatcher;
do $$ begin perform outrider.make_ai_run_log_months(2); end $$;

-- Forget the oldest month that is over for p_age: its partition's name, or null when there is none. The
-- sums of its days stay. The lock that a drop needs is waited for half a second, then lock_not_available.
create function outrider.drop_ai_run_log_month(p_age interval) returns text
language plpgsql volatile security definer set search_path = '' set lock_timeout = '500ms' as $$
declare
  oldest text;
begin
  perform pg_advisory_xact_lock(7362031);
  select c.relname into oldest
    from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
   cross join lateral (select substring(pg_catalog.pg_get_expr(c.relpartbound, c.oid) from 'TO \(''([^'']+)''\)')::timestamptz) b (ends_at)
   where i.inhparent = 'outrider.ai_run_logs'::regclass and b.ends_at <= outrider.now() - p_age
   order by b.ends_at limit 1;
  if oldest is not null then
    execute format('drop table outrider.%I', oldest);
  end if;
  return oldest;
end $$;
revoke all on function outrider.drop_ai_run_log_month(interval) from public;
grant execute on function outrider.drop_ai_run_log_month(interval) to outrider_dispatcher;

-- To erasure and export: a suggestion is about whoever wrote the mail; a run log is about nobody.
do $$
declare line text[];
begin
  foreach line slice 1 in array array[
    ['prompts', 'none', null, 'key'],
    ['prompt_versions', 'staff', null, 'system_text user_text model change_note created_by'],
    ['prompt_versions', 'none', null, 'output_schema variables'],
    ['model_prices', 'staff', null, 'model'],
    ['ai_runs', 'none', null, 'key actor subject_type provider model'],
    ['ai_run_logs', 'none', null, 'actor subject_type provider model served_by request_id error trace_id'],
    ['ai_costs', 'none', null, 'day provider model'],
    ['reply_suggestions', 'key', 'mail', 'mail_id'],
    ['reply_suggestions', 'mention', 'scrub', 'why'],
    ['reply_suggestions', 'none', null, 'model']
  ] loop
    perform outrider.classify(line[1], line[2], line[3], line[4]);
  end loop;
end $$;
insert into outrider.personal_tables (table_name, goes_whole, words) values
  ('reply_suggestions', true, 'What a language model took your mails to mean');

-- A version has no tenant where it is shipped, so a key cannot hold both columns: a row of one tenant names
-- a version that its worker sees, and never another tenant's.
do $$
declare
  t text;
begin
  foreach t in array array['ai_runs', 'ai_run_logs', 'reply_suggestions'] loop
    execute format('create policy prompt_in_sight on outrider.%I as restrictive to outrider_worker using (true)
                      with check (exists (select from outrider.prompt_versions v where v.id = prompt_version_id))', t);
  end loop;
end $$;
