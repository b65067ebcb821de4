-- Schemas, roles, the two clocks, ids, tenancy helpers, and protect(): one call that gives a table
-- its policies, grants and updated_at trigger, so that none can be forgotten.

create schema outrider;
create schema outrider_secret;

-- Hats, not logins. A login owns nothing, inherits nothing, and puts on one hat per transaction.
--   worker      one tenant per transaction, chosen by set_config('outrider.tenant_id', …, true)
--   dispatcher  no tables of a tenant at all; sees across tenants only through definer functions
--   ingress     may ask which tenant a webhook address belongs to, nothing else
--   operator    on call: plumbing of all tenants, no addresses, no bodies, no secrets
--   client      signed-in people, through memberships
do $$
declare r text;
begin
  foreach r in array array['worker', 'dispatcher', 'ingress', 'operator', 'client'] loop
    begin
      execute format('create role %I nologin nobypassrls', 'outrider_' || r);
    exception when duplicate_object or unique_violation then null;  -- roles belong to the cluster
    end;
  end loop;
end $$;

grant usage on schema outrider
  to outrider_worker, outrider_dispatcher, outrider_ingress, outrider_operator, outrider_client;
grant usage on schema outrider_secret to outrider_worker, outrider_ingress, outrider_operator;

-- Business time: waits, windows, due times, ages. One row moves it for every session; production
-- has no row. Leases, heartbeats, backoff and rates use clock_timestamp() and nothing else.
create table outrider.clock (
  only_row  boolean primary key default true check (only_row),
  frozen_at timestamptz,
  shift     interval not null default '0'
);
comment on table outrider.clock is 'Moves outrider.now() for tests and demo; empty in production';
alter table outrider.clock enable row level security;
create policy everybody_reads on outrider.clock for select
  to outrider_worker, outrider_dispatcher, outrider_ingress, outrider_operator, outrider_client using (true);
grant select on outrider.clock
  to outrider_worker, outrider_dispatcher, outrider_ingress, outrider_operator, outrider_client;

create function outrider.now() returns timestamptz
language sql stable parallel safe set search_path = '' as $$
  select coalesce((select coalesce(c.frozen_at, pg_catalog.now() + c.shift) from outrider.clock c),
                  pg_catalog.now())
$$;

-- Time-ordered keys; PostgreSQL 15 is the oldest server, so uuidv7() of 18 cannot be relied on.
create function outrider.uuid_v7() returns uuid
language sql volatile parallel safe set search_path = '' as $$
  select encode(set_bit(set_bit(
           overlay(uuid_send(gen_random_uuid())
                   placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                   from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;

create function outrider.norm_email(p text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select nullif(lower(btrim(p)), '')
$$;

create function outrider.norm_domain(p text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select nullif(regexp_replace(lower(btrim(p)), '^(https?://)?(www\.)?([^/:?#]+).*$', '\3'), '')
$$;

create function outrider.norm_linkedin(p text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select nullif(regexp_replace(regexp_replace(regexp_replace(
           lower(btrim(p)), '^(https?://)?([a-z]+\.)?linkedin\.com', ''), '[?#].*$', ''), '/+$', ''), '')
$$;

create function outrider.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := outrider.now();
  return new;
end $$;

-- Who is asking: transaction-local settings only, so a transaction pooler cannot leak them.
create function outrider.current_tenant_id() returns uuid
language sql stable parallel safe set search_path = '' as $$
  select nullif(current_setting('outrider.tenant_id', true), '')::uuid
$$;

create function outrider.current_subject() returns text
language sql stable parallel safe set search_path = '' as $$
  select coalesce(nullif(current_setting('outrider.subject', true), ''),
                  nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', ''))
$$;

create function outrider.current_trace_id() returns text
language sql stable parallel safe set search_path = '' as $$
  select nullif(current_setting('outrider.trace_id', true), '')
$$;

create function outrider.current_job_id() returns bigint
language sql stable parallel safe set search_path = '' as $$
  select nullif(current_setting('outrider.job_id', true), '')::bigint
$$;
