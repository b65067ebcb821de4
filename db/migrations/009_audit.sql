-- The security trail, and the question every deployment ends with: is any table unprotected?

create table outrider.audit_logs (
  id            uuid not null default outrider.uuid_v7(),
  tenant_id     uuid,                            -- no foreign key: the trail outlives the tenant
  operator      text not null,
  action        text not null,
  resource_type text not null,
  resource_id   text not null,
  reason        text,
  details       jsonb not null default '{}',
  created_at    timestamptz not null default outrider.now(),
  primary key (id, created_at)
) partition by range (created_at);
create table outrider.audit_logs_default partition of outrider.audit_logs default;
create index audit_logs_tenant_idx on outrider.audit_logs (tenant_id, created_at desc);
create index audit_logs_resource_idx on outrider.audit_logs (resource_type, resource_id);
comment on table outrider.audit_logs is 'Who did what and why; insert-only for every role || operator';

alter table outrider.audit_logs enable row level security;
alter table outrider.audit_logs_default enable row level security;   -- partitions are reached only through the parent
grant insert on outrider.audit_logs to outrider_worker;
create policy worker_tenant on outrider.audit_logs for insert to outrider_worker
  with check (tenant_id is not distinct from (select outrider.current_tenant_id()));
grant select, insert on outrider.audit_logs to outrider_operator;
create policy operator on outrider.audit_logs to outrider_operator using (true) with check (true);
grant select on outrider.audit_logs to outrider_client;
create policy client_read on outrider.audit_logs for select to outrider_client
  using (tenant_id is not null and outrider.user_has_role(tenant_id, array['owner', 'admin']::outrider.membership_role[]));

-- Every way in which a table could be open. Rows here fail `outrider migrate` and `outrider doctor`.
create function outrider.unprotected() returns table (problem text)
language sql stable set search_path = '' as $$
  with house as (
    select c.oid, c.oid::regclass::text as name, c.relrowsecurity, c.relispartition,
           exists (select 1 from pg_catalog.pg_attribute a
                    where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) as of_tenant
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('outrider', 'outrider_secret') and c.relkind in ('r', 'p')
  ), policies as (
    select p.polrelid, p.polname, p.polroles,
           coalesce(replace(pg_catalog.pg_get_expr(p.polqual, p.polrelid), m.ine, 'mine'), '') as seen,
           coalesce(replace(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), m.ine, 'mine'), '') as checked
      from pg_catalog.pg_policy p,
           (select '( SELECT outrider.current_tenant_id() AS current_tenant_id)' as ine) m
  )
  select 'no row level security on ' || name from house where not relrowsecurity
  union all
  select 'no worker policy on ' || name from house h
   where of_tenant and not relispartition and not exists (
     select 1 from policies p where p.polrelid = h.oid and (
       select oid from pg_catalog.pg_roles where rolname = 'outrider_worker') = any (p.polroles))
  union all
  select 'policy ' || p.polname || ' on ' || h.name || ' is open to everybody' from policies p join house h on h.oid = p.polrelid
   where (p.seen = 'true' or p.checked = 'true') and h.name <> 'outrider.clock' and exists (
     select 1 from pg_catalog.pg_roles r where r.rolname in ('outrider_worker', 'outrider_client', 'outrider_ingress')
        and (r.oid = any (p.polroles) or p.polroles = '{0}'))
  union all
  select 'everybody may use ' || h.name from house h join pg_catalog.pg_class c on c.oid = h.oid
   where exists (select 1 from pg_catalog.aclexplode(c.relacl) a where a.grantee = 0)
  union all
  select 'view without security_invoker: ' || c.oid::regclass::text
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where n.nspname in ('outrider', 'outrider_secret')
     and (c.relkind = 'm' or (c.relkind = 'v'
          and not coalesce('security_invoker=true' = any (c.reloptions) or 'security_invoker=on' = any (c.reloptions), false)))
  union all
  select 'worker policy ' || p.polname || ' on ' || h.name || ' does not ask for the tenant' from policies p join house h on h.oid = p.polrelid
   where h.of_tenant
     and (select oid from pg_catalog.pg_roles where rolname = 'outrider_worker') = any (p.polroles)
     and not (p.seen || p.checked <> '' and array[p.seen, p.checked] <@ array[
           '', '(tenant_id = mine)', '(id = mine)', '(NOT (tenant_id IS DISTINCT FROM mine))',
           '((tenant_id IS NULL) OR (tenant_id = mine))',
           '((NOT (tenant_id IS DISTINCT FROM mine)) AND (expires_at < clock_timestamp()))'])
  union all
  select 'definer function without a pinned search path: ' || f.oid::regprocedure::text
    from pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace
   where n.nspname in ('outrider', 'outrider_secret') and f.prosecdef
     and not exists (select 1 from unnest(coalesce(f.proconfig, '{}')) g where g like 'search_path=%')
  union all
  select 'definer function open to everybody: ' || f.oid::regprocedure::text
    from pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace
   where n.nspname in ('outrider', 'outrider_secret') and f.prosecdef
     and f.proname not in ('user_tenant_ids', 'user_has_role')      -- answer only about the asker's own subject
     and pg_catalog.has_function_privilege('public', f.oid, 'execute')
  union all
  select 'role ' || r.rolname || ' bypasses row level security' from pg_catalog.pg_roles r
   where r.rolname like 'outrider\_%' and (r.rolbypassrls or r.rolsuper)
  union all
  select 'role ' || pg_catalog.pg_get_userbyid(c.relowner) || ' owns ' || c.oid::regclass::text
    from pg_catalog.pg_class c join house h on h.oid = c.oid
   where pg_catalog.pg_get_userbyid(c.relowner) like 'outrider\_%'
     and pg_catalog.pg_get_userbyid(c.relowner) in ('outrider_worker', 'outrider_dispatcher', 'outrider_ingress', 'outrider_operator', 'outrider_client', 'outrider_app')
$$;

-- Retention of finished work, in slices small enough to never hold a lock that anybody feels.
-- What a dead letter, a replay or an open doubt rests on stays as long as they do.
create function outrider.prune_history(p_age interval, p_limit integer) returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  lines integer;
  keys  integer;
  fires integer;
begin
  delete from outrider.job_log where job_id in (
    select l.job_id from outrider.job_log l where l.finished_at < clock_timestamp() - p_age
       and not exists (select from outrider.dead_letters d where d.job_id = l.job_id)
       and not exists (select from outrider.dead_letters d where d.replay_job_id = l.job_id)
       and not exists (select from outrider.effects e where e.job_id = l.job_id and e.state = 'in_doubt')
     order by l.finished_at limit p_limit for update of l skip locked);
  get diagnostics lines = row_count;
  delete from outrider.job_keys where ctid = any (array(
    select k.ctid from outrider.job_keys k where k.expires_at < clock_timestamp()
     order by k.expires_at limit p_limit for update skip locked));
  get diagnostics keys = row_count;
  delete from outrider.cron_fires where job_id in (
    select f.job_id from outrider.cron_fires f where f.fired_at < clock_timestamp() - p_age
       and exists (select from outrider.cron_fires later where later.name = f.name and later.fire_at > f.fire_at)
     order by f.fired_at limit p_limit for update of f skip locked);
  get diagnostics fires = row_count;
  return lines + keys + fires;
end $$;
revoke all on function outrider.prune_history(interval, integer) from public;
grant execute on function outrider.prune_history(interval, integer) to outrider_dispatcher;

-- The ledger of migrations belongs to the owner; everybody may ask whether the schema is current.
create function outrider.applied_migrations() returns table (name text)
language sql stable security definer set search_path = '' as $$
  select m.name from public.outrider_migrations m order by m.name
$$;
revoke all on function outrider.applied_migrations() from public;
grant execute on function outrider.applied_migrations() to outrider_worker, outrider_ingress, outrider_operator;
