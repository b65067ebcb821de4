-- Who must never be contacted: the one gate that every send passes, inside its claim. What is kept
-- is a hash, so that a wish to be forgotten can be honoured and still be remembered.

create type outrider.suppression_kind as enum ('email', 'domain');
create type outrider.suppression_reason as enum (
  'unsubscribe', 'bounce', 'complaint', 'legal', 'manual', 'customer', 'competitor', 'erasure', 'import');

create table outrider.suppressions (
  id           uuid primary key default outrider.uuid_v7(),
  tenant_id    uuid default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  kind         outrider.suppression_kind not null,
  value_hash   bytea not null,
  value        text,                             -- null once erased; null tenant_id: the whole house
  reason       outrider.suppression_reason not null,
  source       text not null,                    -- unsubscribe page, reply, smtp, operator, import
  created_at   timestamptz not null default outrider.now(),
  released_at  timestamptz,
  released_by  text,
  release_note text,
  constraint suppressions_release_is_whole check ((released_at is null) = (released_by is null) and (released_at is null) = (release_note is null))
);
create unique index suppressions_live_uk on outrider.suppressions (tenant_id, kind, value_hash) nulls not distinct where released_at is null;
create index suppressions_hash_idx on outrider.suppressions (value_hash) where released_at is null;
comment on table outrider.suppressions is 'Who must never be contacted, by a tenant or by anybody || replies, unsubscribe page, sequencing, operator';

create function outrider.suppression_hash(p_kind outrider.suppression_kind, p_value text) returns bytea
language sql immutable parallel safe set search_path = '' as $$
  select sha256(convert_to(p_kind::text || ':' || case p_kind
    when 'email' then outrider.norm_email(p_value) else outrider.norm_domain(p_value) end, 'UTF8'))
$$;

-- Why an address must not be written to; null: it may. Answers about the asker's tenant and the house,
-- and shows nobody's list.
create function outrider.suppressed_because(p_email text) returns outrider.suppression_reason
language sql stable security definer set search_path = '' as $$
  select s.reason from outrider.suppressions s
   where s.released_at is null
     and (s.tenant_id is null or s.tenant_id = outrider.current_tenant_id())
     and s.value_hash in (outrider.suppression_hash('email', p_email),
                          outrider.suppression_hash('domain', split_part(outrider.norm_email(p_email), '@', 2)))
   order by s.created_at limit 1
$$;
revoke all on function outrider.suppressed_because(text) from public;
grant execute on function outrider.suppressed_because(text) to outrider_worker;

call outrider.protect('outrider.suppressions', 'read', 'select, insert, update',
  'select (id, tenant_id, kind, value_hash, reason, source, created_at, released_at, released_by)');
