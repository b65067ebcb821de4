-- Who asks is a provider and a subject, never a subject alone. People on call read one tenant for a
-- while, and the database itself writes down each such read. unprotected() trusts only known shapes.

alter table outrider.users
  add column is_operator   boolean not null default false,
  add column source_system text,
  add column source_id     text,
  add column source_status text;
comment on column outrider.users.auth_provider is 'The issuer (iss) of the person''s tokens; local where tokens name none';
comment on column outrider.users.is_operator is 'May open support sessions; no client and no worker can set it';
grant update (is_operator, auth_provider, auth_subject, deleted_at) on outrider.users to outrider_operator;

-- Claims are a stranger's text. What is no JSON, or has a subject that is no text, is nobody. A token
-- that names its issuer is only ever that issuer's person; one that names none is of provider local.
create function outrider.current_identity(out provider text, out subject text)
language plpgsql stable set search_path = '' as $$
declare
  claims jsonb;
begin
  subject := nullif(current_setting('outrider.subject', true), '');
  if subject is not null then
    provider := coalesce(nullif(current_setting('outrider.provider', true), ''), 'local');
    return;
  end if;
  begin
    claims := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  exception when others then
    return;
  end;
  if jsonb_typeof(claims -> 'sub') = 'string' and coalesce(jsonb_typeof(claims -> 'iss'), 'string') = 'string' then
    subject := nullif(claims ->> 'sub', '');
    provider := coalesce(claims ->> 'iss', 'local');
  end if;
end $$;

create or replace function outrider.current_subject() returns text
language sql stable set search_path = '' as $$
  select i.subject from outrider.current_identity() i
$$;

create function outrider.current_user_id() returns uuid
language sql stable security definer set search_path = '' as $$
  select u.id from outrider.current_identity() i
    join outrider.users u on u.auth_provider = i.provider and u.auth_subject = i.subject
   where u.deleted_at is null
$$;

create or replace function outrider.user_tenant_ids() returns setof uuid
language sql stable security definer set search_path = '' as $$
  select m.tenant_id
    from outrider.memberships m join outrider.tenants t on t.id = m.tenant_id
   where m.user_id = (select outrider.current_user_id())
     and m.deleted_at is null and t.deleted_at is null and m.accepted_at is not null
$$;

create function outrider.get_user_client_ids() returns setof uuid
language sql stable security definer set search_path = '' as $$
  select outrider.user_tenant_ids()
$$;
comment on function outrider.get_user_client_ids() is 'user_tenant_ids() under the name that ported policies call';

create or replace function outrider.user_has_role(p_tenant uuid, p_roles outrider.membership_role[]) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select 1
      from outrider.memberships m join outrider.tenants t on t.id = m.tenant_id
     where m.user_id = (select outrider.current_user_id())
       and m.tenant_id = p_tenant and m.role = any (p_roles)
       and t.deleted_at is null and m.accepted_at is not null and m.deleted_at is null)
$$;

create table outrider.support_sessions (
  id          uuid primary key default outrider.uuid_v7(),
  tenant_id   uuid not null references outrider.tenants (id) on delete cascade,
  operator_id uuid not null references outrider.users (id) on delete restrict,
  reason      text not null check (btrim(reason) <> ''),
  started_at  timestamptz not null default outrider.now(),
  expires_at  timestamptz not null default outrider.now() + interval '2 hours',
  ended_at    timestamptz,
  check (expires_at > started_at and expires_at <= started_at + interval '8 hours')
);
create index support_sessions_live_idx on outrider.support_sessions (operator_id, expires_at) where ended_at is null;
create index support_sessions_tenant_idx on outrider.support_sessions (tenant_id, started_at desc);
comment on table outrider.support_sessions is 'One operator reads one tenant, for a reason and for a while; never writes || operator';

-- The tenants whose rows the asker may read. A member's own cost two look-ups. Those of a support
-- session cost a line of the trail each time, so that a transaction that cannot write it (read only, a
-- standby) reads nothing; the server's log has it even when the reader rolls back.
create function outrider.user_readable_tenant_ids(p_table text default 'unnamed') returns setof uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  me uuid := outrider.current_user_id();
  s  record;
begin
  if me is null then
    return;
  end if;
  return query select outrider.user_tenant_ids();
  for s in
    select distinct on (v.tenant_id) v.id, v.tenant_id, v.reason
      from outrider.support_sessions v
      join outrider.users u on u.id = v.operator_id and u.is_operator
      join outrider.tenants t on t.id = v.tenant_id and t.deleted_at is null
     where v.operator_id = me and v.ended_at is null
       and v.started_at <= outrider.now() and v.expires_at > outrider.now()
       and v.tenant_id not in (select outrider.user_tenant_ids())
     order by v.tenant_id, v.started_at desc
  loop
    raise log 'support session % of operator % reads outrider.% of tenant %', s.id, me, p_table, s.tenant_id;
    insert into outrider.audit_logs (tenant_id, operator, action, resource_type, resource_id, reason, details)
    values (s.tenant_id, me::text, 'support_read', 'table', p_table, s.reason, jsonb_build_object('session', s.id));
    return next s.tenant_id;
  end loop;
end $$;

do $$
declare
  f text;
begin
  foreach f in array array['current_user_id()', 'user_tenant_ids()', 'get_user_client_ids()', 'user_readable_tenant_ids(text)',
                           'user_has_role(uuid, outrider.membership_role[])'] loop
    execute format('revoke all on function outrider.%s from public', f);
    execute format('grant execute on function outrider.%s to outrider_client', f);
  end loop;
end $$;

-- As before, and what a client reads goes through user_readable_tenant_ids(): as an array, which an
-- index on tenant_id can serve, where the list of a sub-select was compared with every row there is.
create or replace procedure outrider.protect(
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
    execute format('create policy client_read on %s for select to outrider_client using (%I = any (array(select outrider.user_readable_tenant_ids(%L))))', p_table, tcol, short);
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

call outrider.protect('outrider.support_sessions', 'read', 'select',
  'select, insert (tenant_id, operator_id, reason, expires_at), update (ended_at)');

do $$
declare
  p record;
begin
  for p in
    select c.oid::regclass as tab, c.relname, case c.relname when 'tenants' then 'id' else 'tenant_id' end as col
      from pg_catalog.pg_policy o join pg_catalog.pg_class c on c.oid = o.polrelid
     where o.polname = 'client_read' and c.relnamespace = 'outrider'::regnamespace
       and pg_catalog.pg_get_expr(o.polqual, o.polrelid) like '%user_tenant_ids%'
     order by c.relname
  loop
    execute format('alter policy client_read on %s using (%I = any (array(select outrider.user_readable_tenant_ids(%L))))', p.tab, p.col, p.relname);
  end loop;
end $$;
alter policy self_read on outrider.users using (id = (select outrider.current_user_id()));
alter policy self_update on outrider.users
  using (id = (select outrider.current_user_id())) with check (id = (select outrider.current_user_id()));

-- The ledger of migrations lies in a schema that some hosts open to their web roles by default.
do $$
declare
  stranger text;
begin
  alter table public.outrider_migrations enable row level security;
  for stranger in
    select case a.grantee when 0 then 'public' else quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) end
      from pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
     where c.oid = 'public.outrider_migrations'::regclass and a.grantee <> c.relowner
  loop
    execute format('revoke all on public.outrider_migrations from %s', stranger);
  end loop;
end $$;

-- A policy's expression with what asks who asks as one word each: mine (the worker's tenant), readable
-- (the asker's tenants, with those of a support session), members (without), role, me.
create function outrider.policy_shape(p_expression text) returns text
language sql immutable as $$
  select case when p_expression is null then '' when p_expression !~ 'outrider\.(get_)?user_' then
    replace(replace(p_expression, '( SELECT outrider.current_tenant_id() AS current_tenant_id)', 'mine'),
            '( SELECT outrider.current_user_id() AS current_user_id)', 'me')
  else
    regexp_replace(regexp_replace(regexp_replace(p_expression,
    'outrider\.user_has_role\(tenant_id, ARRAY\[[^]]*\]\)', 'role', 'g'),
    '= ANY \(ARRAY\( SELECT outrider\.user_readable_tenant_ids\((''\w+''::text)?\) AS user_readable_tenant_ids\)\)'
    '|IN \( SELECT outrider\.user_readable_tenant_ids\((''\w+''::text)?\) AS user_readable_tenant_ids\)', 'readable', 'g'),
    '= ANY \(ARRAY\( SELECT outrider\.(user_tenant_ids|get_user_client_ids)\(\) AS \w+\)\)'
    '|IN \( SELECT outrider\.(user_tenant_ids|get_user_client_ids)\(\) AS \w+\)', 'members', 'g')
  end
$$;

-- Every way in which a table could be open, now the other way round: a policy of a worker, the edge or a
-- client is named unless it has, or begins with, a shape that is known to ask who asks. A stranger is
-- any role that is neither a hat nor the owner: let it wear a hat. A catalogue may be read by all: a
-- table that is no tenant's, refers to none, and that no hat but the operator's can write.
create or replace function outrider.unprotected() returns table (problem text)
language sql stable set search_path = '' as $$
  with hats as (
    select r.oid, substr(r.rolname, 10) as hat from pg_catalog.pg_roles r
     where r.rolname in ('outrider_worker', 'outrider_dispatcher', 'outrider_ingress', 'outrider_operator', 'outrider_client')
  ), things as (
    select c.oid, c.oid::regclass::text as name, c.relkind, c.relacl, c.relowner, c.relrowsecurity, c.relispartition, c.reloptions,
           exists (select 1 from pg_catalog.pg_attribute a
                    where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) as of_tenant
      from pg_catalog.pg_class c
     where c.relnamespace in (select n.oid from pg_catalog.pg_namespace n where n.nspname in ('outrider', 'outrider_secret'))
       and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') or c.oid = pg_catalog.to_regclass('public.outrider_migrations')
  ), house as (
    select * from things where relkind in ('r', 'p', 'f')
  ), catalogues as (
    select h.oid from house h
     where not h.of_tenant and not exists (
             select 1 from hats where hat <> 'operator' and (
               pg_catalog.has_table_privilege(hats.oid, h.oid, 'delete, truncate')
               or pg_catalog.has_any_column_privilege(hats.oid, h.oid, 'insert, update')))
       and not exists (
             select 1 from pg_catalog.pg_constraint k join house p on p.oid = k.confrelid
              where k.conrelid = h.oid and k.contype = 'f' and (p.of_tenant or p.name in ('outrider.tenants', 'outrider.users')))
  ), policies as (
    select p.polname as policy, p.polcmd as cmd, h.oid, h.name, h.of_tenant, g.role,
           case g.role when 0 then 'public' else hats.hat end as hat,
           outrider.policy_shape(pg_catalog.pg_get_expr(p.polqual, p.polrelid)) as seen,
           outrider.policy_shape(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) as checked
      from pg_catalog.pg_policy p join house h on h.oid = p.polrelid
      cross join lateral unnest(p.polroles) g (role) left join hats on hats.oid = g.role
     where p.polpermissive
  ), shapes (hat, cmds, shape) as (values
    ('worker', 'rawd*', '(tenant_id = mine)'), ('worker', 'rawd*', '(id = mine)'),
    ('worker', 'rawd*', '(NOT (tenant_id IS DISTINCT FROM mine))'),
    ('worker', 'r', '(tenant_id IS NULL)'), ('worker', 'r', '((tenant_id IS NULL) OR (tenant_id = mine))'),
    ('client', 'r', '(tenant_id readable)'), ('client', 'r', '(id readable)'), ('client', 'r', '(tenant_id members)'),
    ('client', 'r', '(tenant_id IS NULL)'), ('client', 'r', '((tenant_id IS NULL) OR (tenant_id readable))'),
    ('client', 'r', '((tenant_id IS NOT NULL) AND role)'), ('client', 'rawd*', 'role'),
    ('client', 'rawd*', '(id = me)'), ('client', 'rawd*', '(user_id = me)')
  ), asking as (
    select p.*, not exists (
             select 1 from unnest(array[p.seen, p.checked]) e (expression)
              where e.expression <> '' and not exists (
                select 1 from shapes s where s.hat = p.hat and strpos(s.cmds, p.cmd::text) > 0
                   and (e.expression = s.shape or e.expression like '(' || s.shape || ' AND %'))) as asks
      from policies p
  )
  select 'no row level security on ' || name from house where not relrowsecurity
  union all
  select 'no worker policy on ' || name from house h
   where of_tenant and not relispartition and not exists (
     select 1 from policies p where p.oid = h.oid and p.hat = 'worker')
  union all
  select distinct 'policy ' || policy || ' on ' || name || ' is open to everybody' from policies p
   where hat in ('worker', 'client', 'ingress', 'public') and 'true' in (seen, checked)
     and (hat = 'public' or not exists (select 1 from catalogues c where c.oid = p.oid))
  union all
  select 'policy ' || policy || ' on ' || name || ' is for ' || coalesce(hat, pg_catalog.pg_get_userbyid(role)) || ', which is no hat of ours'
    from policies where hat is null or hat = 'public' and 'true' not in (seen, checked)
  union all
  select hat || ' policy ' || policy || ' on ' || name || case hat when 'client' then ' does not ask whose it is' else ' does not ask for the tenant' end
    from asking where not asks and 'true' not in (seen, checked) and (hat = 'client' or of_tenant and hat in ('worker', 'ingress'))
  union all
  select case a.grantee when 0 then 'everybody' else 'role ' || pg_catalog.pg_get_userbyid(a.grantee) || ', no hat of ours,' end || ' may use ' || t.what
    from (select name as what, relacl as acl, relowner as owner from things
           union all
          select h.name || ' (' || a.attname || ')', a.attacl, h.relowner from house h join pg_catalog.pg_attribute a on a.attrelid = h.oid where a.attacl is not null
           union all
          select 'schema ' || n.nspname, n.nspacl, n.nspowner from pg_catalog.pg_namespace n where n.nspname in ('outrider', 'outrider_secret')
           union all
          select 'definer function ' || f.oid::regprocedure::text, f.proacl, f.proowner from pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace
           where n.nspname in ('outrider', 'outrider_secret') and f.prosecdef) t
    cross join lateral (select distinct x.grantee from pg_catalog.aclexplode(t.acl) x) a
   where a.grantee <> t.owner and a.grantee not in (select oid from hats) and not (a.grantee = 0 and t.what like 'definer function %')
  union all
  select 'view without security_invoker: ' || name from things
   where relkind = 'm' or relkind = 'v'
     and not coalesce('security_invoker=true' = any (reloptions) or 'security_invoker=on' = any (reloptions), false)
  union all
  select 'rule ' || r.rulename || ' on ' || h.name || ' runs with its owner''s rights'
    from pg_catalog.pg_rewrite r join house h on h.oid = r.ev_class
  union all
  select 'definer function without a pinned search path: ' || f.oid::regprocedure::text
    from pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace
   where n.nspname in ('outrider', 'outrider_secret') and f.prosecdef
     and not exists (select 1 from unnest(coalesce(f.proconfig, '{}')) g where g like 'search_path=%')
  union all
  select 'definer function open to everybody: ' || f.oid::regprocedure::text
    from pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace
   where n.nspname in ('outrider', 'outrider_secret') and f.prosecdef and pg_catalog.has_function_privilege('public', f.oid, 'execute')
  union all
  select 'a client may run definer function ' || f.oid::regprocedure::text
    from pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace
   where n.nspname in ('outrider', 'outrider_secret') and f.prosecdef and not pg_catalog.has_function_privilege('public', f.oid, 'execute')
     and f.proname not in ('current_user_id', 'user_tenant_ids', 'get_user_client_ids', 'user_readable_tenant_ids', 'user_has_role')
     and pg_catalog.has_function_privilege('outrider_client', f.oid, 'execute')
  union all
  select 'role ' || r.rolname || ' bypasses row level security' from pg_catalog.pg_roles r
   where r.rolname like 'outrider\_%' and (r.rolbypassrls or r.rolsuper)
  union all
  select 'role outrider_' || h.hat || ' may act as ' || pg_catalog.pg_get_userbyid(m.roleid)
    from pg_catalog.pg_auth_members m join hats h on h.oid = m.member
  union all
  select 'role ' || r.rolname || ' owns ' || t.name from things t join pg_catalog.pg_roles r on r.oid = t.relowner
   where r.oid in (select oid from hats) or r.rolname = 'outrider_app'
$$;
