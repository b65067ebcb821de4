-- The customer's CRM: how to reach it, which field is which, what it was told, and what it has yet to be told.

create type outrider.crm_status as enum ('connected', 'needs_reauth', 'paused');
create type outrider.crm_overwrite as enum ('always', 'if_empty');

create table outrider.crm_connections (
  id            uuid primary key default outrider.uuid_v7(),
  tenant_id     uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  provider      text not null check (provider in ('hubspot')),
  base_url      text not null,
  status        outrider.crm_status not null default 'connected',
  status_reason text,
  push_on       outrider.lead_status[] not null
    default '{contacted,replied,qualified,meeting_booked,meeting_attended,converted,lost,unsubscribed,bounced}',
  created_at    timestamptz not null default outrider.now(),
  updated_at    timestamptz not null default outrider.now(),
  deleted_at    timestamptz,
  unique (tenant_id, id),
  constraint crm_connections_trouble_has_reason check ((status = 'connected') = (status_reason is null))
);
create unique index crm_connections_live_uk on outrider.crm_connections (tenant_id, provider) where deleted_at is null;
comment on table outrider.crm_connections is 'A connected CRM, its state, and which leads it hears about || operator; crm';

create table outrider.crm_field_mappings (
  id            uuid primary key default outrider.uuid_v7(),
  tenant_id     uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  connection_id uuid not null,
  local_field   text not null,
  remote_field  text not null,
  transform     text not null default 'as_is',
  overwrite     outrider.crm_overwrite not null default 'always',
  clear_blank   boolean not null default false,  -- an empty value of ours empties theirs; else it is left alone
  unique (connection_id, remote_field),
  foreign key (tenant_id, connection_id) references outrider.crm_connections (tenant_id, id) on delete cascade
);
comment on table outrider.crm_field_mappings is 'Field by field: ours, theirs, the transform, and who wins || operator';

create table outrider.crm_links (
  tenant_id     uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  connection_id uuid not null,
  lead_id       uuid not null,
  remote_id     text not null,
  payload_hash  text not null,                   -- of the properties last accepted: the same again is not sent
  pushed_at     timestamptz not null default outrider.now(),
  primary key (connection_id, lead_id),
  unique (connection_id, remote_id),
  foreign key (tenant_id, connection_id) references outrider.crm_connections (tenant_id, id) on delete cascade,
  foreign key (tenant_id, lead_id) references outrider.leads (tenant_id, id) on delete cascade
);
comment on table outrider.crm_links is 'Which lead is which contact over there; unique both ways || crm';

-- What the CRM has yet to hear. Written by a trigger, in the transaction that changed the lead, whoever
-- changed it: an actor, an import, or a person.
create table outrider.crm_outbox (
  tenant_id     uuid not null references outrider.tenants (id) on delete cascade,
  connection_id uuid not null,
  lead_id       uuid not null,
  version       bigint not null default 1,       -- a change while a batch is on its way is not lost
  batch_id      uuid,
  tries         smallint not null default 0,     -- passing refusals of this very lead since it last changed
  queued_at     timestamptz not null default outrider.now(),
  primary key (connection_id, lead_id),
  foreign key (tenant_id, connection_id) references outrider.crm_connections (tenant_id, id) on delete cascade,
  foreign key (tenant_id, lead_id) references outrider.leads (tenant_id, id) on delete cascade
);
create index crm_outbox_batch_idx on outrider.crm_outbox (batch_id) where batch_id is not null;
create index crm_outbox_free_idx on outrider.crm_outbox (connection_id, queued_at, lead_id) where batch_id is null;
comment on table outrider.crm_outbox is 'Leads whose change the CRM has not confirmed || trigger on leads; crm';

create table outrider.crm_log (
  id            bigint generated always as identity primary key,
  tenant_id     uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  connection_id uuid not null,
  lead_id       uuid,
  batch_id      uuid,
  outcome       text not null check (outcome in ('created', 'updated', 'unchanged', 'failed')),
  remote_id     text,
  error_code    text,
  error         text,
  fields        text[] not null default '{}',    -- names, never values
  job_id        bigint default outrider.current_job_id(),
  occurred_at   timestamptz not null default outrider.now(),
  foreign key (tenant_id, connection_id) references outrider.crm_connections (tenant_id, id) on delete cascade,
  foreign key (tenant_id, lead_id) references outrider.leads (tenant_id, id) on delete set null (lead_id)
);
create index crm_log_idx on outrider.crm_log (tenant_id, id desc);
comment on table outrider.crm_log is 'Every contact that was pushed, with its outcome || crm';

create function outrider.tell_crm() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into outrider.crm_outbox as o (tenant_id, connection_id, lead_id)
  select c.tenant_id, c.id, new.id from outrider.crm_connections c
   where c.tenant_id = new.tenant_id and c.deleted_at is null and new.status = any (c.push_on) and new.deleted_at is null
      on conflict (connection_id, lead_id) do update set version = o.version + 1, tries = 0, queued_at = excluded.queued_at;
  return null;
end $$;
revoke all on function outrider.tell_crm() from public;
create trigger leads_tell_crm after update of status, email, full_name, first_name, last_name, title, phone,
    linkedin_url, company_name, company_domain, website, country, score, tier on outrider.leads
  for each row execute function outrider.tell_crm();

-- A suppression, or its end, changes what a CRM is told of a lead that it knows.
create function outrider.tell_crm_of_suppression() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into outrider.crm_outbox as o (tenant_id, connection_id, lead_id)
  select k.tenant_id, k.connection_id, k.lead_id
    from outrider.leads l
    join outrider.crm_links k on k.tenant_id = l.tenant_id and k.lead_id = l.id
    join outrider.crm_connections c on c.id = k.connection_id and c.deleted_at is null
   where l.tenant_id = new.tenant_id and l.deleted_at is null and new.kind = 'email'
     and l.email_norm = outrider.norm_email(new.value)
      on conflict (connection_id, lead_id) do update set version = o.version + 1, tries = 0, queued_at = excluded.queued_at;
  return null;
end $$;
revoke all on function outrider.tell_crm_of_suppression() from public;
create trigger suppressions_tell_crm after insert or update of released_at on outrider.suppressions
  for each row execute function outrider.tell_crm_of_suppression();

call outrider.protect('outrider.crm_connections', 'read', 'select, insert, update',
  'select (id, tenant_id, provider, status, status_reason, push_on, created_at, deleted_at)');
call outrider.protect('outrider.crm_field_mappings', 'read', 'select, insert, update, delete', 'select');
call outrider.protect('outrider.crm_links', 'read', 'select, insert, update, delete', 'select');
call outrider.protect('outrider.crm_outbox', 'read', 'select, insert, update, delete', 'select');
call outrider.protect('outrider.crm_log', 'read', 'select, insert', 'select (id, tenant_id, connection_id, lead_id, batch_id, outcome, remote_id, error_code, job_id, occurred_at)');
