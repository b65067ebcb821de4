-- Secrets in envelopes that can be wrapped anew, and integrations: what a tenant has connected, and whether it works.

-- A secret's first byte is its version, the next four name the master key. Operators may know those, and no more.
-- The table is small, one row per connection: writing it once takes moments.
alter table outrider_secret.credentials
  -- squawk-ignore adding-field-with-default
  add column version    text generated always as (encode(substr(sealed, 1, 1), 'hex')) stored,
  -- squawk-ignore adding-field-with-default
  add column key_id     text generated always as (encode(substr(sealed, 2, 4), 'hex')) stored,
  add column given_at   timestamptz,             -- null: with the row
  add column wrapped_at timestamptz,             -- null: as it was given
  add column expires_at timestamptz;             -- null: nobody said that it does
comment on column outrider_secret.credentials.key_id is 'Which master key wraps it, so that a rotation finds what is left';

-- The lists only grow, so what older processes write stays valid.
-- squawk-ignore ban-drop-constraint
alter table outrider_secret.credentials drop constraint credentials_owner_type_check;
alter table outrider_secret.credentials add constraint credentials_owner_type_check
  check (owner_type in ('webhook_source', 'mailbox', 'crm_connection', 'integration')) not valid;
-- squawk-ignore ban-drop-constraint
alter table outrider_secret.credentials drop constraint credentials_kind_check;
alter table outrider_secret.credentials add constraint credentials_kind_check
  check (kind in ('hmac_secret', 'password', 'access_token', 'api_key', 'login')) not valid;

grant select (id, version, key_id, given_at, wrapped_at, expires_at, created_at),
      update (given_at, expires_at), delete on outrider_secret.credentials to outrider_operator;

-- A rotation swaps bytes for bytes: what somebody changed meanwhile stays. The operator who asks cannot
-- read either; a worker read the old ones, each in its tenant.
create function outrider.rewrap_credentials(p_ids uuid[], p_old bytea[], p_new bytea[]) returns setof uuid
language sql volatile security definer set search_path = '' as $$
  update outrider_secret.credentials c set sealed = w.fresh, wrapped_at = outrider.now()
    from unnest(p_ids, p_old, p_new) as w (id, known, fresh)
   where c.id = w.id and c.sealed = w.known
  returning c.id
$$;
revoke all on function outrider.rewrap_credentials(uuid[], bytea[], bytea[]) from public;
grant execute on function outrider.rewrap_credentials(uuid[], bytea[], bytea[]) to outrider_operator;

-- One vocabulary for everything that is connected. CRM connections and mailboxes keep their own tables,
-- which hold what they need beyond a secret; outrider.connections shows all of them in these words.
create type outrider.integration_status as enum ('connected', 'needs_reauth', 'error', 'disabled', 'disconnected', 'pending');

create table outrider.integrations (
  id               uuid primary key default outrider.uuid_v7(),
  tenant_id        uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  provider         text not null check (provider <> ''),
  category         text not null check (category <> ''),
  external_account text not null default '',     -- whose account it is, where a tenant has several
  base_url         text not null,
  status           outrider.integration_status not null default 'pending',
  status_reason    text,
  metadata         jsonb not null default '{}',  -- what is no secret: a model's name, an organisation's id
  last_checked_at  timestamptz,
  last_error       text,                         -- of the latest check; one that passes does not change the status
  source_system    text,
  source_id        text,
  source_status    text,
  created_at       timestamptz not null default outrider.now(),
  updated_at       timestamptz not null default outrider.now(),
  deleted_at       timestamptz,
  unique (tenant_id, id),
  constraint integrations_trouble_has_reason check (status in ('connected', 'pending') or status_reason is not null)
);
create unique index integrations_live_uk on outrider.integrations (tenant_id, provider, external_account) where deleted_at is null;
comment on table outrider.integrations is 'A connected account of a third party, without any secret in it || operator; integrations';

-- People read them: whoever names a server is sent the secret, so only an operator does.
call outrider.protect('outrider.integrations', 'read', 'select, insert, update',
  'select (id, tenant_id, provider, category, status, status_reason, last_checked_at, created_at, deleted_at)');

-- Paused because the server refuses the login is something else than paused by a person.
alter table outrider.mailboxes add column reauth_at timestamptz;
comment on column outrider.mailboxes.reauth_at is 'Since when a paused mailbox waits for another password; null: it does not';

create view outrider.connections with (security_invoker = true) as
select i.id, i.tenant_id, 'integration' as kind, i.provider, i.category, i.external_account as account,
       i.status, i.status_reason, i.last_checked_at, i.last_error
  from outrider.integrations i where i.deleted_at is null
union all
select c.id, c.tenant_id, 'crm_connection', c.provider, 'crm', '',
       case c.status when 'connected' then 'connected'::outrider.integration_status
                     when 'needs_reauth' then 'needs_reauth' else 'disabled' end,
       c.status_reason, null, null
  from outrider.crm_connections c where c.deleted_at is null
union all
select m.id, m.tenant_id, 'mailbox', 'mailbox', 'mail', m.email,
       case when m.status = 'active' then 'connected'::outrider.integration_status
            when m.reauth_at is not null then 'needs_reauth' else 'disabled' end,
       m.paused_reason, null, null
  from outrider.mailboxes m where m.deleted_at is null;
comment on view outrider.connections is 'Everything a tenant has connected, in one vocabulary of states';
grant select on outrider.connections to outrider_worker, outrider_client;
