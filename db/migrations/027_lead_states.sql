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

create function outrider.mail_domain(p text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select nullif(rtrim(substring(lower(btrim(coalesce(substring(p from '<([^<>]*)>\s*$'), p))) from '@([^@]+)$'), '.'), '')
$$;

-- One mailbox, however it is written: case, a display name, a tag after a plus, and Gmail's dots do not count.
create function outrider.canonical_email(p text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select case when m.domain in ('gmail.com', 'googlemail.com') then replace(m.box, '.', '') || '@gmail.com'
              else m.box || '@' || m.domain end
    from (select outrider.mail_domain(p) as domain,
                 regexp_replace(substring(lower(btrim(coalesce(substring(p from '<([^<>]*)>\s*$'), p))) from '^(.+)@[^@]+$'),
                                '(.)\+.*$', '\1') as box) m
$$;

create function outrider.canonical_phone(p text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select nullif(regexp_replace(regexp_replace(p, '[^0-9+]', '', 'g'), '^(\+|00)', ''), '')
$$;

create function outrider.canonical_name(p text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select nullif(lower(regexp_replace(btrim(p), '\s+', ' ', 'g')), '')
$$;

create function outrider.gate_hash(p_kind text, p_key text) returns bytea
language sql immutable parallel safe set search_path = '' as $$
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
language sql immutable parallel safe set search_path = '' as $$
  select array(
    select outrider.gate_hash(k.kind, k.key)
      from (values ('email', outrider.norm_email(p_email)), ('email', outrider.canonical_email(p_email)),
                   ('phone', outrider.canonical_phone(p_phone)), ('linkedin', outrider.norm_linkedin(p_linkedin)),
                   ('company', outrider.canonical_name(p_company)), ('company', outrider.norm_domain(p_company_domain))) k (kind, key)
     where k.key is not null
    union
    select outrider.gate_hash('domain', array_to_string(d.labels[i:], '.'))
      from (select string_to_array(outrider.mail_domain(p_email), '.') as labels) d, generate_series(1, cardinality(d.labels)) i)
$$;

create function outrider.readable_email(p text) returns boolean
language sql immutable parallel safe set search_path = '' as $$
  select coalesce(outrider.canonical_email(p) ~ '^[^[:space:]@<>,;"]+@([a-z0-9]([a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$', false)
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
create index leads_mailbox_idx on outrider.leads (tenant_id, outrider.canonical_email(email)) where email is not null;
-- squawk-ignore require-concurrent-index-creation
create index leads_domain_idx on outrider.leads (tenant_id, reverse(outrider.mail_domain(email)) text_pattern_ops) where email is not null;
create function outrider.leads_of_suppression(p_tenant uuid, p_kind outrider.suppression_kind, p_value text) returns setof uuid
language sql stable set search_path = '' as $$
  select l.id from outrider.leads l
   where p_kind::text = 'email' and l.tenant_id = p_tenant and l.deleted_at is null and l.email is not null
     and outrider.canonical_email(l.email) = outrider.canonical_email(p_value)
  union all
  select l.id from outrider.leads l
   where p_kind::text = 'domain' and l.tenant_id = p_tenant and l.deleted_at is null and l.email is not null
     and reverse(outrider.mail_domain(l.email)) = reverse(outrider.suppression_key(p_kind, p_value))
  union all
  select l.id from outrider.leads l
   where p_kind::text = 'domain' and l.tenant_id = p_tenant and l.deleted_at is null and l.email is not null
     and reverse(outrider.mail_domain(l.email)) like replace(reverse(outrider.suppression_key(p_kind, p_value)), '_', '\_') || '.%'
  union all
  select l.id from outrider.leads l
   where p_kind::text = 'linkedin' and l.tenant_id = p_tenant and l.deleted_at is null
     and l.linkedin_norm = outrider.norm_linkedin(p_value)
  union all
  select l.id from outrider.leads l
   where p_kind::text in ('phone', 'company') and l.tenant_id = p_tenant and l.deleted_at is null
     and outrider.suppression_key(p_kind, p_value) in (
       case p_kind::text when 'phone' then outrider.canonical_phone(l.phone) else outrider.canonical_name(l.company_name) end,
       case p_kind::text when 'company' then outrider.norm_domain(l.company_domain) end)
$$;

-- An entry, or its end, changes what a CRM is told of the leads that it knows, and is part of their story.
create or replace function outrider.tell_crm_of_suppression() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into outrider.crm_outbox as o (tenant_id, connection_id, lead_id)
  select k.tenant_id, k.connection_id, k.lead_id
    from outrider.tenants t
    cross join lateral outrider.leads_of_suppression(t.id, new.kind, new.value) l (id)
    join outrider.crm_links k on k.tenant_id = t.id and k.lead_id = l.id
    join outrider.crm_connections c on c.id = k.connection_id and c.deleted_at is null
   where new.tenant_id is null or t.id = new.tenant_id
   order by 2, 3
      on conflict (connection_id, lead_id) do update set version = o.version + 1, tries = 0, queued_at = excluded.queued_at;
  return null;
end $$;

create function outrider.book_suppression() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into outrider.activities (tenant_id, lead_id, kind, text)
  select t.id, l.id, (case when new.released_at is null then 'suppressed' else 'released' end)::outrider.activity_kind,
         case when new.tenant_id is null then 'by the house, ' else '' end || new.kind
         || case when new.released_at is null
                 then ': ' || new.reason || ' by ' || new.source || coalesce(' until ' || new.expires_at::date, '')
                 else ' by ' || new.released_by end
    from outrider.tenants t cross join lateral outrider.leads_of_suppression(t.id, new.kind, new.value) l (id)
   where new.tenant_id is null or t.id = new.tenant_id
   order by 2;
  return null;
end $$;
revoke all on function outrider.book_suppression() from public;
create trigger suppressions_book after insert or update of released_at, expires_at on outrider.suppressions
  for each row execute function outrider.book_suppression();

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
