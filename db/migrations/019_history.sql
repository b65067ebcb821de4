-- History in daily partitions of UTC days: to forget a day is to drop its table, with nothing to vacuum.
-- And schedules that know their policy for missed moments, who paused them, and which code wrote them.
--
--   job_log_before     what was finished until the day of this migration; absent from a new database
--   job_log_YYYYMMDD   one day each, made seven days ahead by every worker's start and by retention
--   job_log_default    a day that nobody made, and old lines that something still rests on

-- Its name stays in use: workers of the version before write to the new table of that name.
-- squawk-ignore renaming-table
alter table outrider.job_log rename to job_log_before;
-- squawk-ignore renaming-object
alter index outrider.job_log_pkey rename to job_log_before_pkey;
-- squawk-ignore require-concurrent-index-deletion
drop index outrider.job_log_tenant_idx;

create table outrider.job_log (
  job_id      bigint not null,
  tenant_id   uuid,
  actor       text not null,
  outcome     outrider.job_outcome not null,
  attempt     smallint not null,
  parent_id   bigint,
  trace_id    text,
  enqueued_at timestamptz not null,
  started_at  timestamptz,
  finished_at timestamptz not null default clock_timestamp(),
  primary key (job_id, finished_at)
) partition by range (finished_at);
-- Lines come in the order of time, so a summary of every few pages finds a span of it, and a
-- completion pays for one index instead of three.
create index job_log_time_idx on outrider.job_log using brin (finished_at) with (pages_per_range = 32, autosummarize = on);
create table outrider.job_log_default partition of outrider.job_log default;
comment on table outrider.job_log is 'One line per finished job, in partitions by day; that the row in jobs is deleted once allows one || workers';

alter table outrider.job_log enable row level security;
alter table outrider.job_log_default enable row level security;   -- partitions are reached only through the parent
grant select, insert on outrider.job_log to outrider_worker;
create policy worker_tenant on outrider.job_log to outrider_worker
  using (tenant_id is not distinct from (select outrider.current_tenant_id()))
  with check (tenant_id is not distinct from (select outrider.current_tenant_id()));
grant select on outrider.job_log to outrider_operator;
create policy operator on outrider.job_log to outrider_operator using (true) with check (true);

-- Partitions and their bounds: no start, it begins with time; no end, it is the default.
create function outrider.job_log_parts() returns table (part text, starts_at timestamptz, ends_at timestamptz)
language sql stable set search_path = '' as $$
  select c.relname::text, substring(b.ound from 'FROM \(''([^'']+)''\)')::timestamptz,
         substring(b.ound from 'TO \(''([^'']+)''\)')::timestamptz
    from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
   cross join lateral (select pg_catalog.pg_get_expr(c.relpartbound, c.oid)) b (ound)
   where i.inhparent = 'outrider.job_log'::regclass
$$;

-- Make the partitions of today and of p_days more; safe to call at any time, from any number of
-- processes. Lines that came first wait in the default partition and move into their day. `blocked`
-- counts days that somebody's lock kept from being made for now: the default catches their lines.
create function outrider.make_job_log_days(p_days integer) returns table (made integer, blocked integer)
language plpgsql volatile security definer set search_path = '' set lock_timeout = '1s' as $$
declare
  today  timestamptz := date_trunc('day', clock_timestamp(), 'UTC');
  day    timestamptz;
  upto   timestamptz;
  part   text;
begin
  made := 0; blocked := 0;
  if not pg_try_advisory_xact_lock(7362005) then   -- somebody makes them, or drops one
    return next;
    return;
  end if;
  for day, upto in
    select d.day, d.day + interval '24 hours'
      from generate_series(0, p_days) n cross join lateral (select today + n * interval '24 hours') d (day)
     where not exists (select from outrider.job_log_parts() p
                        where p.ends_at > d.day and coalesce(p.starts_at, '-infinity') < d.day + interval '24 hours')
     order by d.day
  loop
    part := 'job_log_' || to_char(day at time zone 'UTC', 'YYYYMMDD');
    begin
      execute format('create table outrider.%I (like outrider.job_log including defaults including constraints)', part);
      execute format('alter table outrider.%I enable row level security', part);
      lock table outrider.job_log_default in access exclusive mode;   -- no line slips in between the next two
      execute format('with late as (delete from outrider.job_log_default
                                     where finished_at >= %L and finished_at < %L returning *)
                      insert into outrider.%I select * from late', day, upto, part);
      execute format('alter table outrider.job_log attach partition outrider.%I for values from (%L) to (%L)',
                     part, day, upto);
      made := made + 1;
    exception when lock_not_available then
      blocked := blocked + 1;
    end;
  end loop;
  return next;
end $$;

-- Forget the oldest partition whose every line is older than p_age: its name, or null when there is
-- none. What a dead letter, a replay or an open doubt rests on moves to the default partition. The
-- lock that a drop needs is waited for half a second, then lock_not_available: nobody queues behind it.
create function outrider.drop_job_log_day(p_age interval) returns text
language plpgsql volatile security definer set search_path = '' set lock_timeout = '500ms' as $$
declare
  oldest text;
  kept   bigint[];
begin
  perform pg_advisory_xact_lock(7362005);
  select p.part into oldest from outrider.job_log_parts() p
   where p.ends_at <= clock_timestamp() - p_age order by p.ends_at limit 1;
  if oldest is null then
    return null;
  end if;
  execute format('select array_agg(l.job_id) from outrider.%I l where l.job_id in (
                    select d.job_id from outrider.dead_letters d
                    union all select d.replay_job_id from outrider.dead_letters d where d.replay_job_id is not null
                    union all select e.job_id from outrider.effects e where e.state = ''in_doubt'')', oldest) into kept;
  execute format('alter table outrider.job_log detach partition outrider.%I', oldest);
  execute format('insert into outrider.job_log_default select * from outrider.%I where job_id = any ($1)', oldest) using kept;
  execute format('drop table outrider.%I', oldest);
  return oldest;
end $$;

-- What is too small or too scattered for partitions, in slices: kept lines that nothing rests on any
-- more, keys whose days are over, old fires.
create or replace function outrider.prune_history(p_age interval, p_limit integer) returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  lines integer;
  keys  integer;
  fires integer;
begin
  delete from outrider.job_log_default where job_id in (
    select l.job_id from outrider.job_log_default l where l.finished_at < clock_timestamp() - p_age
       and not exists (select from outrider.dead_letters d where d.job_id = l.job_id)
       and not exists (select from outrider.dead_letters d where d.replay_job_id = l.job_id)
       and not exists (select from outrider.effects e where e.job_id = l.job_id and e.state = 'in_doubt')
     limit p_limit for update of l skip locked);
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

do $$
declare f text;
begin
  foreach f in array array['job_log_parts()', 'make_job_log_days(integer)', 'drop_job_log_day(interval)'] loop
    execute format('revoke all on function outrider.%s from public', f);
  end loop;
end $$;
grant execute on function outrider.make_job_log_days(integer), outrider.drop_job_log_day(interval) to outrider_dispatcher;

-- The old table becomes the partition of all that was before tomorrow: one read of it, no copy, and
-- the length of a completion's wait is the length of that read.
do $$
declare
  upto timestamptz;
begin
  select date_trunc('day', greatest(clock_timestamp(), max(l.finished_at)), 'UTC') + interval '24 hours' into upto
    from outrider.job_log_before l;
  if not exists (select from outrider.job_log_before) then
    drop table outrider.job_log_before;
  else
    drop index outrider.job_log_age_idx;
    drop policy worker_tenant on outrider.job_log_before;
    drop policy operator on outrider.job_log_before;
    revoke all on outrider.job_log_before from outrider_worker, outrider_operator;
    alter table outrider.job_log_before drop constraint job_log_before_pkey;
    execute format('alter table outrider.job_log attach partition outrider.job_log_before for values from (minvalue) to (%L)', upto);
    comment on table outrider.job_log_before is 'What was finished before there were partitions by day || nobody; dropped by retention';
  end if;
  perform outrider.make_job_log_days(7);
end $$;

-- catch_up: how many of the moments that nobody saw are made up for, the latest: 0 none, 1 one, n all up to n.
-- missed: moments that were skipped since the last fire. revision: of the code that wrote the line last.
alter table outrider.schedules
  add column catch_up     smallint not null default 1,
  add column priority     smallint not null default 4,
  add column revision     integer not null default 0,
  add column missed       integer not null default 0,
  add column paused_at    timestamptz,
  add column paused_by    text,
  add column pause_reason text,
  -- squawk-ignore constraint-missing-not-valid
  add constraint schedules_numbers_are_sane check (catch_up >= 0 and missed >= 0 and priority between 0 and 9),
  -- squawk-ignore constraint-missing-not-valid
  add constraint schedules_pause_is_whole check (
    (paused_at is null) = (paused_by is null) and (paused_at is null) = (pause_reason is null));

-- An operator's word about a schedule is on the trail in the transaction that obeys it; the house has no tenant.
grant insert on outrider.audit_logs to outrider_dispatcher;
create policy dispatcher_house on outrider.audit_logs for insert to outrider_dispatcher with check (tenant_id is null);

-- Waits that are over become ready: business waits by the business clock, backoff by the real one.
-- Both moments are read once, so that both are conditions of an index and what is not due yet costs
-- nothing, however much of it there is. It runs all day over a table that is empty now and huge a
-- minute later: one plan, by indexes, whatever the statistics say.
create or replace function outrider.dispatch_promote(p_limit integer) returns integer
language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off
  set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  business constant timestamptz := outrider.now();
  moment   constant timestamptz := clock_timestamp();
  promoted integer;
begin
  with waited as materialized (
    select id from outrider.jobs
     where state = 'delayed' and retry_at is null and due_at <= business
     order by due_at limit p_limit for update skip locked
  ), backed_off as materialized (
    select id from outrider.jobs
     where state = 'delayed' and retry_at is not null and retry_at <= moment
     order by retry_at limit p_limit for update skip locked
  )
  update outrider.jobs j set state = 'ready', retry_at = null
    from (select id from waited union all select id from backed_off) due
   where j.id = due.id;
  get diagnostics promoted = row_count;
  return promoted;
end $$;
