-- What may become of a lead, an enrollment, a step and a mail, kept by the database itself; the one gate
-- in front of every send; and what happened to a lead that no other table remembers.

-- Moves. Tables of the same content are in schemas/*_states.py, and a test holds the two equal. No pinned
-- search path: so these are inlined into the condition of a trigger, and a legal move costs next to nothing.
create function outrider.lead_may_move(p_from outrider.lead_status, p_to outrider.lead_status) returns boolean
language sql immutable parallel safe as $$
  select case
    when p_from in ('unsubscribed', 'bounced') then false
    when p_to in ('unsubscribed', 'bounced', 'lost') then p_from <> p_to
    else (p_from, p_to) in (
      ('new', 'enriched'), ('enriched', 'scored'), ('scored', 'scored'), ('scored', 'in_sequence'),
      ('in_sequence', 'contacted'), ('in_sequence', 'replied'), ('contacted', 'replied'),
      ('replied', 'qualified'), ('qualified', 'meeting_booked'), ('meeting_booked', 'meeting_attended'),
      ('meeting_attended', 'converted'), ('replied', 'in_sequence'), ('lost', 'in_sequence'))
  end
$$;

-- Where a person may put back a lead whose suppression was released.
create function outrider.lead_may_return(p_from outrider.lead_status, p_to outrider.lead_status) returns boolean
language sql immutable parallel safe as $$
  select p_from in ('unsubscribed', 'bounced')
     and p_to not in ('in_sequence', 'contacted', 'unsubscribed', 'bounced')
$$;

create function outrider.enrollment_may_move(p_from outrider.enrollment_status, p_to outrider.enrollment_status) returns boolean
language sql immutable parallel safe as $$
  select (p_from, p_to) in (
    ('active', 'held'), ('active', 'paused'), ('active', 'completed'), ('active', 'stopped'),
    ('held', 'active'), ('held', 'paused'), ('held', 'stopped'),
    ('paused', 'active'), ('paused', 'held'), ('paused', 'stopped'), ('completed', 'stopped'))
$$;

create function outrider.step_may_move(p_from outrider.step_status, p_to outrider.step_status) returns boolean
language sql immutable parallel safe as $$
  select (p_from, p_to) in (
    ('scheduled', 'sent'), ('scheduled', 'skipped'), ('scheduled', 'failed'), ('scheduled', 'cancelled'),
    ('skipped', 'sent'), ('failed', 'sent'), ('cancelled', 'sent'))
$$;

create function outrider.message_may_move(p_from outrider.message_status, p_to outrider.message_status) returns boolean
language sql immutable parallel safe as $$
  select (p_from, p_to) in (('sending', 'sent'), ('sending', 'failed'), ('failed', 'sending'))
$$;

create function outrider.refuse_move() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception '% % may not move from % to %', tg_argv[0], new.id, old.status, new.status
    using errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, constraint = tg_name;
end $$;

create trigger enrollments_keep_moves before update of status on outrider.enrollments for each row
  when (old.status is distinct from new.status
        and (not outrider.enrollment_may_move(old.status, new.status) or new.epoch <= old.epoch))   -- the fence moves, too
  execute function outrider.refuse_move('enrollment');
create trigger step_executions_keep_moves before update of status on outrider.step_executions for each row
  when (old.status is distinct from new.status and not outrider.step_may_move(old.status, new.status))
  execute function outrider.refuse_move('step');
create trigger messages_keep_moves before update of status on outrider.messages for each row
  when (old.status is distinct from new.status and not outrider.message_may_move(old.status, new.status))
  execute function outrider.refuse_move('message');

-- Called for the few moves that need more than the table: back into a sequence, and out of an end.
create function outrider.keep_lead_moves() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if outrider.lead_may_move(old.status, new.status) then
    if exists (select from outrider.enrollments e where e.lead_id = new.id and e.status in ('active', 'held', 'paused')) then
      return new;
    end if;
    raise exception 'lead % may go back into a sequence only with a new enrollment', new.id
      using errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, constraint = tg_name;
  end if;
  if outrider.lead_may_return(old.status, new.status) and outrider.current_job_id() is null     -- a person, no actor
     and not exists (select from outrider.gate(new.tenant_id, 'email', new.email, new.phone, new.linkedin_url, new.company_name, new.company_domain)) then
    return new;
  end if;
  raise exception 'lead % may not move from % to %', new.id, old.status, new.status
    using errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, constraint = tg_name;
end $$;
revoke all on function outrider.keep_lead_moves() from public;
create trigger leads_keep_moves before update of status on outrider.leads for each row
  when (old.status is distinct from new.status
        and (not outrider.lead_may_move(old.status, new.status)
             or new.status = 'in_sequence' and old.status in ('replied', 'lost')))
  execute function outrider.keep_lead_moves();

create function outrider.demand_lead_history() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (
    select from outrider.leads l
     where l.id = new.id and l.status = new.status     -- the last move of the transaction answers for the others
       and not exists (
         select from (select t.from_status, t.to_status from outrider.lead_status_transitions t
                       where t.tenant_id = new.tenant_id and t.lead_id = new.id
                          and t.from_status is distinct from t.to_status order by t.id desc limit 1) t
          where t.from_status = old.status and t.to_status = new.status))
  then
    raise exception 'lead % moved from % to % without a line in its history', new.id, old.status, new.status
      using errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, constraint = tg_name;
  end if;
  return null;
end $$;
revoke all on function outrider.demand_lead_history() from public;
create constraint trigger leads_keep_history after update of status on outrider.leads
  deferrable initially deferred for each row when (old.status is distinct from new.status)
  execute function outrider.demand_lead_history();

-- What happened to a lead that no other table remembers in order. No personal data: statuses, reasons, names
-- of actors and operators. The rest of its story is read from the tables that hold the facts.
create type outrider.activity_kind as enum ('captured', 'twin', 'enrollment', 'refused', 'suppressed', 'released');
create table outrider.activities (
  id          bigint generated always as identity primary key,
  tenant_id   uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  lead_id     uuid not null,
  kind        outrider.activity_kind not null,
  text        text not null,
  job_id      bigint default outrider.current_job_id(),
  occurred_at timestamptz not null default outrider.now(),
  foreign key (tenant_id, lead_id) references outrider.leads (tenant_id, id) on delete cascade
);
create index activities_lead_idx on outrider.activities (tenant_id, lead_id, id);
create index activities_refused_idx on outrider.activities (tenant_id, id) where kind = 'refused';
comment on table outrider.activities is 'What happened to a lead that no other table remembers in order || capture, enrollments, gate, every actor';
call outrider.protect('outrider.activities', 'read', 'select, insert', 'select (id, tenant_id, lead_id, kind, job_id, occurred_at)');

create function outrider.book_enrollment() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into outrider.activities (tenant_id, lead_id, kind, text)
  values (new.tenant_id, new.lead_id, 'enrollment', coalesce(old.status || ' → ', '') || new.status || coalesce(
    ': ' || new.stop_reason || ' by ' || new.stopped_by, ': ' || new.hold_reason, ' until ' || new.resume_at::date, ''));
  return null;
end $$;
revoke all on function outrider.book_enrollment() from public;
create trigger enrollments_book after update of status on outrider.enrollments for each row
  when (old.status is distinct from new.status) execute function outrider.book_enrollment();

-- The gate.
alter type outrider.suppression_kind add value 'phone' after 'domain';
alter type outrider.suppression_kind add value 'linkedin' after 'phone';
alter type outrider.suppression_kind add value 'company' after 'linkedin';
create type outrider.channel as enum ('email', 'sms', 'linkedin', 'voice', 'mail', 'other');

alter table outrider.suppressions
  add column channel    outrider.channel,        -- null: every channel
  add column expires_at timestamptz;             -- business time; null: for ever
-- Held for moments: the table has one row per wish.
-- squawk-ignore require-concurrent-index-deletion
drop index outrider.suppressions_live_uk;
-- squawk-ignore require-concurrent-index-creation
create unique index suppressions_live_uk on outrider.suppressions (tenant_id, kind, value_hash, channel) nulls not distinct where released_at is null;

-- One mailbox, however it is written: case, a display name, a tag after a plus, and Gmail's dots do not count.
-- Plain expressions without a pinned path, so that they are inlined: an index evaluates them for every lead.
create function outrider.mail_domain(p text) returns text
language sql immutable parallel safe as $$
  select case when strpos(p, '@') > 0 then nullif(rtrim(split_part(lower(p), '@', -1), '>. '), '') end
$$;

create function outrider.mail_local(p text) returns text
language sql immutable parallel safe as $$
  select split_part(ltrim(split_part(lower(p), '<', -1)), '@', 1)
$$;

create function outrider.canonical_email(p text) returns text
language sql immutable parallel safe as $$
  select case when outrider.mail_domain(p) in ('gmail.com', 'googlemail.com')
              then replace(split_part(outrider.mail_local(p), '+', 1), '.', '') || '@gmail.com'
              else case when strpos(outrider.mail_local(p), '+') > 1 then split_part(outrider.mail_local(p), '+', 1)
                        else outrider.mail_local(p) end || '@' || outrider.mail_domain(p) end
$$;

create function outrider.canonical_phone(p text) returns text
language sql immutable parallel safe as $$
  select nullif(regexp_replace(regexp_replace(p, '[^0-9+]', '', 'g'), '^(\+|00)', ''), '')
$$;

create function outrider.canonical_name(p text) returns text
language sql immutable parallel safe as $$
  select nullif(lower(regexp_replace(btrim(p), '\s+', ' ', 'g')), '')
$$;

create function outrider.gate_hash(p_kind text, p_key text) returns bytea
language sql immutable parallel safe as $$
  select sha256(convert_to(p_kind || ':' || p_key, 'UTF8'))
$$;

-- What an entry is kept as.
create function outrider.suppression_key(p_kind outrider.suppression_kind, p_value text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select case p_kind::text
    when 'email' then outrider.canonical_email(p_value) when 'domain' then rtrim(outrider.norm_domain(p_value), '.')
    when 'phone' then outrider.canonical_phone(p_value) when 'linkedin' then outrider.norm_linkedin(p_value)
    else coalesce(case when p_value ~ '^\S+\.\S+$' then outrider.norm_domain(p_value) end, outrider.canonical_name(p_value)) end
$$;

-- As before for the two kinds that mails are stored by; the value as it is written.
create or replace function outrider.suppression_hash(p_kind outrider.suppression_kind, p_value text) returns bytea
language sql immutable parallel safe set search_path = '' as $$
  select outrider.gate_hash(p_kind::text, case p_kind::text
    when 'email' then outrider.norm_email(p_value) when 'domain' then outrider.norm_domain(p_value)
    else outrider.suppression_key(p_kind, p_value) end)
$$;

-- Everything that an entry about this person could be kept as: the address as written and as meant, its domain
-- with every domain above it, phone, profile, and company by name and by domain.
create function outrider.gate_hashes(p_email text, p_phone text, p_linkedin text, p_company text, p_company_domain text) returns bytea[]
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  rest   text := outrider.mail_domain(p_email);
  hashes bytea[] := array_remove(array[
    outrider.gate_hash('email', lower(btrim(p_email))), outrider.gate_hash('email', outrider.canonical_email(p_email)),
    outrider.gate_hash('phone', outrider.canonical_phone(p_phone)), outrider.gate_hash('linkedin', outrider.norm_linkedin(p_linkedin)),
    outrider.gate_hash('company', outrider.canonical_name(p_company)), outrider.gate_hash('company', outrider.norm_domain(p_company_domain))], null);
begin
  while rest <> '' loop
    hashes := hashes || outrider.gate_hash('domain', rest);
    rest := case when strpos(rest, '.') > 0 then substr(rest, strpos(rest, '.') + 1) end;
  end loop;
  return hashes;
end $$;

create function outrider.readable_email(p text) returns boolean
language sql immutable parallel safe as $$
  select coalesce(rtrim(lower(ltrim(split_part(p, '<', -1))), '> ')
    ~ '^[^[:space:]@<>,;"]+@([a-z0-9]([a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?\.?$', false)
$$;

-- What stands between a tenant and a person. An address that cannot be read is refused: it might be one that
-- is on the list. Granted to nobody: whoever asks does so through the functions below, for the own tenant.
create function outrider.gate(p_tenant uuid, p_channel text, p_email text, p_phone text, p_linkedin text, p_company text, p_company_domain text)
returns table (scope text, kind text, reason text, channel text, source text, created_at timestamptz, expires_at timestamptz)
language sql stable set search_path = '' as $$
  select case when s.tenant_id is null then 'house' else 'tenant' end, s.kind::text, s.reason::text, s.channel::text, s.source, s.created_at, s.expires_at
    from outrider.suppressions s
   where s.released_at is null and (s.expires_at is null or s.expires_at > outrider.now())
     and (s.tenant_id is null or s.tenant_id = p_tenant)
     and (s.channel is null or s.channel::text = p_channel)
     and s.value_hash = any (outrider.gate_hashes(p_email, p_phone, p_linkedin, p_company, p_company_domain))
  union all
  select 'house', 'email', 'unreadable address', null, 'gate', outrider.now(), null
   where p_channel = 'email' and p_email is not null and not outrider.readable_email(p_email)
   order by 6, 1, 2
$$;
revoke all on function outrider.gate(uuid, text, text, text, text, text, text) from public;

create function outrider.barred_by(p_channel text, p_email text, p_phone text, p_linkedin text, p_company text, p_company_domain text)
returns table (scope text, kind text, reason text, channel text, source text, created_at timestamptz, expires_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select * from outrider.gate(outrider.current_tenant_id(), p_channel, p_email, p_phone, p_linkedin, p_company, p_company_domain)
$$;
revoke all on function outrider.barred_by(text, text, text, text, text, text) from public;
grant execute on function outrider.barred_by(text, text, text, text, text, text) to outrider_worker;

-- Why a person must not be written to by mail; null: they may.
create function outrider.suppressed_because(p_email text, p_phone text, p_linkedin text, p_company text, p_company_domain text) returns outrider.suppression_reason
language sql stable security definer set search_path = '' as $$
  select case g.reason when 'unreadable address' then 'manual' else g.reason end::outrider.suppression_reason
    from outrider.gate(outrider.current_tenant_id(), 'email', p_email, p_phone, p_linkedin, p_company, p_company_domain) g limit 1
$$;
revoke all on function outrider.suppressed_because(text, text, text, text, text) from public;
grant execute on function outrider.suppressed_because(text, text, text, text, text) to outrider_worker;

-- The question of older processes, which know an address and nothing else.
create or replace function outrider.suppressed_because(p_email text) returns outrider.suppression_reason
language sql stable security definer set search_path = '' as $$
  select outrider.suppressed_because(p_email, null, null, null, null)
$$;

-- No mail is claimed past the gate, whoever claims it; what was asked there is kept with the mail.
alter table outrider.messages add column gate_hashes bytea[];
grant select (gate_hashes) on outrider.messages to outrider_operator;
create function outrider.keep_the_gate() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  l      outrider.leads;
  barred text;
begin
  select * into l from outrider.leads where tenant_id = new.tenant_id and id = new.lead_id;
  select g.reason into barred
    from outrider.gate(new.tenant_id, 'email', new.to_address, l.phone, l.linkedin_url, l.company_name, l.company_domain) g limit 1;
  if barred is not null then
    raise exception 'a mail to a suppressed address was refused: %', barred
      using errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, constraint = tg_name;
  end if;
  new.gate_hashes := outrider.gate_hashes(new.to_address, l.phone, l.linkedin_url, l.company_name, l.company_domain);
  return new;
end $$;
revoke all on function outrider.keep_the_gate() from public;
create trigger messages_keep_the_gate before insert or update of status on outrider.messages for each row
  when (new.direction = 'outbound' and new.status = 'sending') execute function outrider.keep_the_gate();

-- Whom an entry is about.
-- squawk-ignore require-concurrent-index-creation
create index leads_domain_idx on outrider.leads (tenant_id, reverse(outrider.mail_domain(email)) text_pattern_ops) where email is not null;
create function outrider.leads_of_entries(p_entries outrider.suppressions[]) returns table (entry outrider.suppressions, tenant_id uuid, lead_id uuid)
language sql stable set search_path = '' as $$
  with entries as materialized (
    select e as entry, t.id as tenant_id, e.kind::text as kind, outrider.suppression_key(e.kind, e.value) as key
      from unnest(p_entries) e join outrider.tenants t on e.tenant_id is null or t.id = e.tenant_id
  )
  select e.entry, e.tenant_id, l.id from entries e
    join outrider.leads l on l.tenant_id = e.tenant_id and l.deleted_at is null and l.email_norm is not null
     and l.email_norm in (e.key, outrider.norm_email((e.entry).value))      -- one with another tag is met at the gate
   where e.kind = 'email'
  union all
  select e.entry, e.tenant_id, l.id from entries e
    join outrider.leads l on l.tenant_id = e.tenant_id and l.deleted_at is null and l.email is not null
     and reverse(outrider.mail_domain(l.email)) = reverse(e.key)
   where e.kind = 'domain'
  union all
  select e.entry, e.tenant_id, l.id from entries e
    join outrider.leads l on l.tenant_id = e.tenant_id and l.deleted_at is null and l.email is not null
     and reverse(outrider.mail_domain(l.email)) ~>=~ (reverse(e.key) || '.') and reverse(outrider.mail_domain(l.email)) ~<~ (reverse(e.key) || '/')
   where e.kind = 'domain'
  union all
  select e.entry, e.tenant_id, l.id from entries e
    join outrider.leads l on l.tenant_id = e.tenant_id and l.deleted_at is null and l.linkedin_norm = e.key
   where e.kind = 'linkedin'
  union all
  select e.entry, e.tenant_id, l.id from entries e
    join outrider.leads l on l.tenant_id = e.tenant_id and l.deleted_at is null and outrider.canonical_phone(l.phone) = e.key
   where e.kind = 'phone'
  union all
  select e.entry, e.tenant_id, l.id from entries e
    join outrider.leads l on l.tenant_id = e.tenant_id and l.deleted_at is null
     and (outrider.canonical_name(l.company_name) = e.key or outrider.norm_domain(l.company_domain) = e.key)
   where e.kind = 'company'
$$;
revoke all on function outrider.leads_of_entries(outrider.suppressions[]) from public;

-- Which of the asker's leads some values mean. A definer, because a policy keeps the planner from the indexes above.
create function outrider.leads_of_suppressions(p_kinds outrider.suppression_kind[], p_values text[]) returns setof uuid
language sql stable security definer set search_path = '' as $$
  select distinct f.lead_id from outrider.leads_of_entries(array(
    select row(null, outrider.current_tenant_id(), v.kind, ''::bytea, v.value, 'manual', '', now(), null, null, null, null, null)::outrider.suppressions
      from unnest(p_kinds, p_values) as v (kind, value)
     where outrider.current_tenant_id() is not null)) f
$$;
revoke all on function outrider.leads_of_suppressions(outrider.suppression_kind[], text[]) from public;
grant execute on function outrider.leads_of_suppressions(outrider.suppression_kind[], text[]) to outrider_worker;

-- An entry, or its end, changes what a CRM is told of the leads that it knows, and is part of their story. Once
-- per statement, for a list of thousands comes in one.
create function outrider.book_suppressions() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  entries outrider.suppressions[];
begin
  if tg_op = 'INSERT' then
    select array_agg(f) into entries from fresh f where f.value is not null;
  else
    select array_agg(f) into entries from fresh f join stale o using (id)
     where f.value is not null and (f.released_at, f.expires_at) is distinct from (o.released_at, o.expires_at);
  end if;
  if entries is null then
    return null;
  end if;
  with met as materialized (
    select * from outrider.leads_of_entries(entries)
  ), told as (
    insert into outrider.crm_outbox as o (tenant_id, connection_id, lead_id)
    select distinct k.tenant_id, k.connection_id, k.lead_id
      from met m
      join outrider.crm_links k on k.tenant_id = m.tenant_id and k.lead_id = m.lead_id
      join outrider.crm_connections c on c.id = k.connection_id and c.deleted_at is null
     order by 2, 3
        on conflict (connection_id, lead_id) do update set version = o.version + 1, tries = 0, queued_at = excluded.queued_at
  )
  insert into outrider.activities (tenant_id, lead_id, kind, text)
  select m.tenant_id, m.lead_id, (case when (m.entry).released_at is null then 'suppressed' else 'released' end)::outrider.activity_kind,
         case when (m.entry).tenant_id is null then 'by the house, ' else '' end || (m.entry).kind
         || case when (m.entry).released_at is null
                 then ': ' || (m.entry).reason || ' by ' || (m.entry).source || coalesce(' until ' || (m.entry).expires_at::date, '')
                 else ' by ' || (m.entry).released_by end
    from met m order by m.lead_id;
  return null;
end $$;
revoke all on function outrider.book_suppressions() from public;
create trigger suppressions_book_new after insert on outrider.suppressions
  referencing new table as fresh for each statement execute function outrider.book_suppressions();
create trigger suppressions_book_ends after update on outrider.suppressions
  referencing new table as fresh old table as stale for each statement execute function outrider.book_suppressions();
drop trigger suppressions_tell_crm on outrider.suppressions;   -- for addresses alone, row by row
-- squawk-ignore ban-drop-function
drop function outrider.tell_crm_of_suppression();               -- that trigger's own; nobody else could call it

-- The house's own list is kept by people on call, who see no address on it; a tenant's list they leave alone.
grant select (channel, expires_at), insert (tenant_id, kind, value, value_hash, reason, source, channel, expires_at),
      update (released_at, released_by, release_note, expires_at) on outrider.suppressions to outrider_operator;
grant execute on function outrider.suppression_key(outrider.suppression_kind, text), outrider.gate_hash(text, text) to outrider_operator;
create policy house_only_i on outrider.suppressions as restrictive for insert to outrider_operator with check (tenant_id is null);
create policy house_only_u on outrider.suppressions as restrictive for update to outrider_operator using (tenant_id is null) with check (tenant_id is null);

-- Entries that were kept as they were written hold for the mailbox that they mean.
insert into outrider.suppressions (tenant_id, kind, value, value_hash, reason, source)
select s.tenant_id, s.kind, s.value, outrider.gate_hash('email', outrider.canonical_email(s.value)), s.reason, s.source
  from outrider.suppressions s
 where s.kind = 'email' and s.released_at is null and outrider.canonical_email(s.value) <> outrider.norm_email(s.value)
    on conflict do nothing;

-- Where a lead came from: the first source stays, later ones are remembered; what an import keeps of another system.
alter table outrider.leads
  add column sources       text[] not null default '{}',
  add column source_system text,
  add column source_id     text,
  add column source_status text;
grant select (source_system, source_id, source_status) on outrider.leads to outrider_operator;
-- Of people without an address one profile is one person; with addresses it may be two, and both are kept.
-- squawk-ignore require-concurrent-index-creation
create unique index leads_linkedin_uk on outrider.leads (tenant_id, linkedin_norm)
  where email_norm is null and linkedin_norm is not null and deleted_at is null;
