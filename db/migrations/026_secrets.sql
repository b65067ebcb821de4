-- Secrets in envelopes that can be wrapped anew.

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
