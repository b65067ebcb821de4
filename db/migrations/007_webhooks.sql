-- Where events come in: who may knock (sources), with which sealed secret (credentials), and what
-- they said, stored raw once before it is acknowledged.

create table outrider.webhook_sources (
  id         uuid primary key default outrider.uuid_v7(),
  tenant_id  uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  slug       text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  verify     text not null default 'standard' check (verify in ('standard')),   -- there is no 'none'
  revoked_at timestamptz,
  created_at timestamptz not null default outrider.now(),
  updated_at timestamptz not null default outrider.now(),
  unique (tenant_id, id)
);
comment on table outrider.webhook_sources is 'Inbound address and how its signature is verified || operator';

create table outrider_secret.credentials (
  id         uuid primary key default outrider.uuid_v7(),
  tenant_id  uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  owner_type text not null check (owner_type in ('webhook_source')),
  owner_id   uuid not null,
  kind       text not null check (kind in ('hmac_secret')),
  sealed     bytea not null,                     -- version, key id, nonce, AES-256-GCM; aad = tenant|owner_type|owner_id|kind
  created_at timestamptz not null default outrider.now(),
  updated_at timestamptz not null default outrider.now(),
  unique (owner_type, owner_id, kind)
);
comment on table outrider_secret.credentials is 'Envelope-encrypted secrets; no client has usage on this schema || operator';

create table outrider.webhook_events (
  id          uuid primary key default outrider.uuid_v7(),
  tenant_id   uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  source_id   uuid not null,
  external_id text not null,                     -- the sender's own id of the event
  body        bytea not null,
  lead_id     uuid,
  trace_id    text default outrider.current_trace_id(),
  received_at timestamptz not null default outrider.now(),
  unique (source_id, external_id),
  foreign key (tenant_id, source_id) references outrider.webhook_sources (tenant_id, id) on delete cascade,
  foreign key (tenant_id, lead_id) references outrider.leads (tenant_id, id) on delete set null (lead_id)
);
create index webhook_events_tenant_idx on outrider.webhook_events (tenant_id, received_at desc);
comment on table outrider.webhook_events is 'Verified inbound event, raw; duplicates stop at the unique key || ingress';

call outrider.protect('outrider.webhook_sources', 'none', 'select', 'select, insert, update');
call outrider.protect('outrider.webhook_events', 'none', 'select, insert, update',
  'select (id, tenant_id, source_id, external_id, lead_id, trace_id, received_at)');

alter table outrider_secret.credentials enable row level security;
grant select on outrider_secret.credentials to outrider_worker;
create policy worker_tenant on outrider_secret.credentials for select to outrider_worker
  using (tenant_id = (select outrider.current_tenant_id()));
grant insert on outrider_secret.credentials to outrider_operator;       -- writes secrets, cannot read one
create policy operator on outrider_secret.credentials for insert to outrider_operator with check (true);
create trigger credentials_touch before update on outrider_secret.credentials
  for each row execute function outrider.touch_updated_at();

-- The edge does not know the tenant yet: it asks for one address, and gets one sealed secret.
create function outrider.webhook_door(p_slug text)
returns table (tenant_id uuid, source_id uuid, verify text, sealed bytea)
language sql stable security definer set search_path = '' as $$
  select s.tenant_id, s.id, s.verify, c.sealed
    from outrider.webhook_sources s
    join outrider.tenants t on t.id = s.tenant_id and t.deleted_at is null
    join outrider_secret.credentials c
      on c.owner_type = 'webhook_source' and c.owner_id = s.id and c.kind = 'hmac_secret' and c.tenant_id = s.tenant_id
   where s.slug = p_slug and s.revoked_at is null
$$;
revoke all on function outrider.webhook_door(text) from public;
grant execute on function outrider.webhook_door(text) to outrider_ingress;
