-- Who pays, who signs in, who may see what. Every later table hangs below a tenant.

create type outrider.membership_role as enum ('owner', 'admin', 'member', 'viewer');

create table outrider.tenants (
  id         uuid primary key default outrider.uuid_v7(),
  name       text not null check (btrim(name) <> ''),
  slug       text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  timezone   text not null default 'UTC',
  created_at timestamptz not null default outrider.now(),
  updated_at timestamptz not null default outrider.now(),
  deleted_at timestamptz
);
comment on table outrider.tenants is 'The paying organisation; root of every tenant-scoped row';

create table outrider.users (
  id            uuid primary key default outrider.uuid_v7(),
  auth_provider text not null default 'local',
  auth_subject  text not null,                 -- the identity provider's own id of the person
  email         text not null,
  full_name     text,
  created_at    timestamptz not null default outrider.now(),
  updated_at    timestamptz not null default outrider.now(),
  deleted_at    timestamptz,
  unique (auth_provider, auth_subject)
);
create unique index users_email_live_uk on outrider.users (outrider.norm_email(email)) where deleted_at is null;
comment on table outrider.users is 'People, linked to an identity provider by its subject';

create table outrider.memberships (
  id          uuid primary key default outrider.uuid_v7(),
  tenant_id   uuid not null references outrider.tenants (id) on delete cascade,
  user_id     uuid not null references outrider.users (id) on delete cascade,
  role        outrider.membership_role not null default 'member',
  accepted_at timestamptz,
  created_at  timestamptz not null default outrider.now(),
  updated_at  timestamptz not null default outrider.now(),
  deleted_at  timestamptz
);
create unique index memberships_live_uk on outrider.memberships (tenant_id, user_id) where deleted_at is null;
create index memberships_user_idx on outrider.memberships (user_id)
  where deleted_at is null and accepted_at is not null;
comment on table outrider.memberships is 'User to tenant with a role; drives every client policy';

-- Membership helpers run as the owner, with a pinned search path, and ask for accepted and not deleted.
create function outrider.user_tenant_ids() returns setof uuid
language sql stable security definer set search_path = '' as $$
  select m.tenant_id
    from outrider.memberships m
    join outrider.users u on u.id = m.user_id
    join outrider.tenants t on t.id = m.tenant_id
   where u.auth_subject = outrider.current_subject()
     and u.deleted_at is null and m.deleted_at is null and t.deleted_at is null
     and m.accepted_at is not null
$$;

create function outrider.user_has_role(p_tenant uuid, p_roles outrider.membership_role[]) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select 1
      from outrider.memberships m
      join outrider.users u on u.id = m.user_id
      join outrider.tenants t on t.id = m.tenant_id
     where u.auth_subject = outrider.current_subject() and u.deleted_at is null and t.deleted_at is null
       and m.tenant_id = p_tenant and m.role = any (p_roles)
       and m.accepted_at is not null and m.deleted_at is null)
$$;

-- protect(table, client, worker, operator)
--   client    none | read | write (member and above) | admin (owner and admin)
--   worker    the privileges a worker has on rows of its tenant
--   operator  privileges of a person on call, e.g. 'select (id, state)'; none: no access at all
create procedure outrider.protect(
  p_table regclass, p_client text, p_worker text default 'select, insert, update, delete', p_operator text default 'none')
language plpgsql set search_path = '' as $$
declare
  tcol  text := case when p_table = 'outrider.tenants'::regclass then 'id' else 'tenant_id' end;
  mine  text := format('%I = (select outrider.current_tenant_id())', tcol);
  short text := (select relname from pg_catalog.pg_class where oid = p_table);
  roles text := case p_client when 'write' then $q$array['owner','admin','member']::outrider.membership_role[]$q$
                              else $q$array['owner','admin']::outrider.membership_role[]$q$ end;
begin
  if p_client not in ('none', 'read', 'write', 'admin') then
    raise exception 'bad client mode %', p_client;
  end if;
  execute format('alter table %s enable row level security', p_table);
  execute format('revoke all on %s from public', p_table);
  execute format('grant %s on %s to outrider_worker', p_worker, p_table);
  execute format('create policy worker_tenant on %s to outrider_worker using (%s) with check (%s)', p_table, mine, mine);
  if p_client <> 'none' then
    execute format('grant select on %s to outrider_client', p_table);
    execute format('create policy client_read on %s for select to outrider_client using (%I in (select outrider.user_tenant_ids()))', p_table, tcol);
  end if;
  if p_client in ('write', 'admin') then
    execute format('grant insert, update, delete on %s to outrider_client', p_table);
    execute format('create policy client_insert on %s for insert to outrider_client with check (outrider.user_has_role(%I, %s))', p_table, tcol, roles);
    execute format('create policy client_update on %s for update to outrider_client using (outrider.user_has_role(%I, %s)) with check (outrider.user_has_role(%I, %s))', p_table, tcol, roles, tcol, roles);
    execute format('create policy client_delete on %s for delete to outrider_client using (outrider.user_has_role(%I, %s))', p_table, tcol, roles);
  end if;
  if p_operator <> 'none' then
    execute format('grant %s on %s to outrider_operator', p_operator, p_table);
    execute format('create policy operator on %s to outrider_operator using (true) with check (true)', p_table);
  end if;
  if exists (select 1 from pg_catalog.pg_attribute where attrelid = p_table and attname = 'updated_at' and not attisdropped) then
    execute format('create trigger %I before update on %s for each row execute function outrider.touch_updated_at()', short || '_touch', p_table);
  end if;
end $$;

call outrider.protect('outrider.tenants', 'read', 'select', 'select, insert, update');
call outrider.protect('outrider.memberships', 'admin', 'select', 'select, insert, update');

create policy only_owner_makes_owner_i on outrider.memberships as restrictive for insert to outrider_client
  with check (role <> 'owner' or outrider.user_has_role(tenant_id, array['owner']::outrider.membership_role[]));
create policy only_owner_makes_owner_u on outrider.memberships as restrictive for update to outrider_client
  using (role <> 'owner' or outrider.user_has_role(tenant_id, array['owner']::outrider.membership_role[]))
  with check (role <> 'owner' or outrider.user_has_role(tenant_id, array['owner']::outrider.membership_role[]));
create policy only_owner_makes_owner_d on outrider.memberships as restrictive for delete to outrider_client
  using (role <> 'owner' or outrider.user_has_role(tenant_id, array['owner']::outrider.membership_role[]));

-- A person sees and edits the own row, and only its harmless columns.
alter table outrider.users enable row level security;
grant select on outrider.users to outrider_client, outrider_worker, outrider_operator;
grant insert on outrider.users to outrider_operator;
grant update (full_name) on outrider.users to outrider_client;
create policy self_read on outrider.users for select to outrider_client
  using (auth_subject = outrider.current_subject());
create policy self_update on outrider.users for update to outrider_client
  using (auth_subject = outrider.current_subject()) with check (auth_subject = outrider.current_subject());
create policy worker_tenant on outrider.users for select to outrider_worker
  using (exists (select 1 from outrider.memberships m
                  where m.user_id = users.id and m.tenant_id = (select outrider.current_tenant_id())));
create policy operator on outrider.users to outrider_operator using (true) with check (true);
create trigger users_touch before update on outrider.users
  for each row execute function outrider.touch_updated_at();
