-- Lanes: one mechanism for fairness, concurrency per key, rates, pauses and circuit breaking.
--
-- A lane is (tenant, actor, key). Its id is a hash of that, computed with the job, so an enqueue
-- touches no shared row; the lane's own row is made by the dispatcher when it first meets it.
-- What is in flight is counted from the jobs, never stored, so no crash can leak a slot.

alter table outrider.jobs
  add column priority smallint not null default 4,
  add column lane     text not null default '',
  -- squawk-ignore adding-field-with-default
  add column lane_id  bigint generated always as
    (hashtextextended(coalesce(tenant_id::text, '') || '/' || actor || '/' || lane, 0)) stored,
  -- squawk-ignore constraint-missing-not-valid
  add constraint jobs_priority_is_a_digit check (priority between 0 and 9);
-- The hot table is small: building its partial indexes takes moments.
-- squawk-ignore require-concurrent-index-deletion
drop index outrider.jobs_ready_idx, outrider.jobs_lease_idx, outrider.jobs_running_idx, outrider.jobs_deadline_idx;
-- squawk-ignore require-concurrent-index-creation
create index jobs_ready_idx     on outrider.jobs (lane_id, priority, id) where state = 'ready';
-- What is in flight is a few hundred rows: one index finds those whose lease, session or deadline is over.
-- squawk-ignore require-concurrent-index-creation
create index jobs_in_flight_idx on outrider.jobs (lane_id) where state in ('dispatched', 'running');
alter table outrider.jobs set (
  fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
  autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

create table outrider.lanes (
  id              bigint primary key,                       -- jobs.lane_id
  tenant_id       uuid default outrider.current_tenant_id(),
  actor           text not null check (actor <> ''),
  key             text not null default '',                 -- '': the tenant's own lane of this actor
  weight          real not null default 1 check (weight > 0),
  max_running     integer check (max_running > 0),          -- null: as the actor's rule says
  rate_every      interval check (rate_every > interval '0'),
  burst           integer check (burst > 0),
  vtime           double precision not null default 0,
  tat             timestamptz,                              -- when the next start conforms to the rate (GCRA)
  failures        integer not null default 0 check (failures >= 0),
  blocked_until   timestamptz,
  blocked_because text,
  paused_at       timestamptz,
  paused_by       text,
  pause_reason    text,
  share_id        bigint not null generated always as (hashtextextended(coalesce(tenant_id::text, ''), 0)) stored,
  constraint lanes_block_has_reason check ((blocked_until is null) = (blocked_because is null)),
  constraint lanes_pause_is_whole check (
    (paused_at is null) = (paused_by is null) and (paused_at is null) = (pause_reason is null)),
  unique nulls not distinct (tenant_id, actor, key)
);
comment on table outrider.lanes is 'One line of waiting work with its turn, limits and circuit || dispatcher; workers block; operator';

create table outrider.lane_rules (
  actor       text primary key,
  max_running integer check (max_running > 0),
  rate_every  interval check (rate_every > interval '0'),
  burst       integer not null default 1 check (burst > 0),
  opens_after integer check (opens_after > 0)               -- consecutive failures; null: never
);
comment on table outrider.lane_rules is 'What the code says of an actor''s lanes, mirrored at start || every worker process';

create table outrider.shares (
  id         bigint primary key generated always as (hashtextextended(coalesce(tenant_id::text, ''), 0)) stored,
  tenant_id  uuid unique nulls not distinct,
  weight     real not null default 1 check (weight > 0),
  vtime      double precision not null default 0,
  lane_vtime double precision not null default 0
);
comment on table outrider.shares is 'A tenant''s turn among tenants, and its weight || dispatcher; operator weighs';

create table outrider.dispatch_clock (
  only_row boolean primary key default true check (only_row),
  vtime    double precision not null default 0
);
insert into outrider.dispatch_clock default values;
comment on table outrider.dispatch_clock is 'Virtual time: the start tag of what was picked last || dispatcher';

do $$
declare t text;
begin
  foreach t in array array['lanes', 'lane_rules', 'shares', 'dispatch_clock'] loop
    execute format('alter table outrider.%I enable row level security', t);
    execute format('grant select on outrider.%I to outrider_operator, outrider_dispatcher', t);
    execute format('create policy operator on outrider.%I to outrider_operator using (true) with check (true)', t);
    execute format('create policy dispatcher on outrider.%I to outrider_dispatcher using (true) with check (true)', t);
  end loop;
end $$;
grant insert, update, delete on outrider.lane_rules to outrider_dispatcher;
grant insert, update on outrider.lanes, outrider.shares to outrider_operator;
grant select on outrider.lanes, outrider.shares to outrider_worker;
grant update (failures, blocked_until, blocked_because) on outrider.lanes to outrider_worker;
create policy worker_tenant on outrider.lanes to outrider_worker
  using (tenant_id is not distinct from (select outrider.current_tenant_id()))
  with check (tenant_id is not distinct from (select outrider.current_tenant_id()));
create policy worker_tenant on outrider.shares to outrider_worker
  using (tenant_id is not distinct from (select outrider.current_tenant_id()))
  with check (tenant_id is not distinct from (select outrider.current_tenant_id()));

create function outrider.lane_of(p_tenant uuid, p_actor text, p_key text) returns bigint
language sql immutable parallel safe set search_path = '' as $$
  select hashtextextended(coalesce(p_tenant::text, '') || '/' || p_actor || '/' || p_key, 0)
$$;

-- Start-time fair queueing in two levels: tenants by their virtual time, then the tenant's lanes by
-- theirs, then priority and age within the lane. Tags are start tags: the clock never overtakes who waits. A ticket costs 1/chunk, its share of one turn of a
-- thread; the window is what the threads may have in hand. A row without an id says that work waits
-- which could not be picked, and after how many seconds looking again makes sense (0: soon).
create function outrider.dispatch_pick(
  p_actors text[], p_chunks integer[], p_window integer, p_lease interval, p_alone boolean default false)
returns table (id bigint, tenant_id uuid, actor text, attempt smallint, wait double precision)
language plpgsql volatile security definer set search_path = ''
  -- It runs all day over a table that is empty now and huge a minute later: one plan, by indexes.
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
  moment timestamptz := clock_timestamp();
  room   double precision;
  heads  bigint[];
  v      double precision;
begin
  -- One picks at a time, or the window would be one per dispatcher; the others look again soon.
  if not pg_try_advisory_xact_lock(7362004) then
    return query select null::bigint, null::uuid, null::text, null::smallint, 0::double precision;
    return;
  end if;
  -- A process without tickets counts its own (p_alone): nobody else can take what it picks.
  select p_window - case when p_alone then 0 else coalesce(sum(1.0 / a.chunk), 0) end into room
    from outrider.jobs j join unnest(p_actors, p_chunks) as a (actor, chunk) on a.actor = j.actor
   where j.state = 'dispatched';

  -- The lanes that have ready work: one descent of the index for each, however deep they are.
  with recursive head (lane_id) as (
    (select j.lane_id from outrider.jobs j where j.state = 'ready' order by j.lane_id limit 1)
    union all
    select (select j.lane_id from outrider.jobs j where j.state = 'ready' and j.lane_id > h.lane_id
             order by j.lane_id limit 1)
      from head h where h.lane_id is not null
  ) select array_agg(h.lane_id) into heads from head h where h.lane_id is not null;
  if heads is null then
    return;
  end if;
  if room <= 0 then
    return query select null::bigint, null::uuid, null::text, null::smallint, 0::double precision;
    return;
  end if;
  -- A thousand new lanes a round: however many turn up at once, no round takes long.
  insert into outrider.lanes (id, tenant_id, actor, key)
  select h.id, j.tenant_id, j.actor, j.lane
    from (select n.id from unnest(heads) as n (id)
           where not exists (select from outrider.lanes l where l.id = n.id) limit 1000) h
    cross join lateral (select f.tenant_id, f.actor, f.lane from outrider.jobs f
                         where f.lane_id = h.id and f.state = 'ready' limit 1) j
      on conflict do nothing;
  insert into outrider.shares (tenant_id)
  select distinct l.tenant_id from unnest(heads) as h (id) join outrider.lanes l on l.id = h.id
   where not exists (select from outrider.shares s where s.id = l.share_id)
      on conflict do nothing;
  select c.vtime into v from outrider.dispatch_clock c;

  return query
    with flying as materialized (
      select j.lane_id, count(*)::integer as jobs from outrider.jobs j
       where j.state in ('dispatched', 'running') group by j.lane_id
    ), known as materialized (
      select l.id as lane_id, l.tenant_id, l.share_id, l.actor, 1.0 / a.chunk as cost, l.weight,
             greatest(l.vtime, s.lane_vtime) as lane_from,
             greatest(s.vtime, v) as share_from, s.weight as share,
             coalesce(l.rate_every, r.rate_every) as every, greatest(l.tat, moment) as tat,
             greatest(l.blocked_until, moment) as opens,
             coalesce(l.max_running, r.max_running, 1000000) - coalesce(f.jobs, 0) as places,
             case when l.failures >= r.opens_after then 1 - coalesce(f.jobs, 0) else 1000000 end as probes,
             coalesce(l.burst, r.burst, 1) as burst
        from unnest(heads) as h (id)
        join outrider.lanes l on l.id = h.id
        join unnest(p_actors, p_chunks) as a (actor, chunk) on a.actor = l.actor
        join outrider.shares s on s.id = l.share_id
        left join outrider.lane_rules r on r.actor = l.actor
        left join flying f on f.lane_id = l.id
       where l.paused_at is null
         and not exists (select from outrider.pauses p where p.tenant_id = l.tenant_id or p.actor = l.actor)
    ), open as materialized (
      select k.*, least(k.places, k.probes,
               case when k.opens > moment then 0
                    when k.every is null then 1000000
                    else floor(extract(epoch from moment + k.burst * k.every - k.tat) / extract(epoch from k.every))
               end) as may
        from known k
    ), ranked as (   -- the start tag of a lane's first job, at best: no other of it can come before
      select o.*, o.share_from + o.cost / o.share * (row_number() over (
               partition by o.share_id order by o.lane_from, o.lane_id) - 1) as soonest
        from open o where o.may > 0
    ), kept as materialized (   -- each gives a job at least: more lanes than fill the room are not looked at
      select r.*, count(*) over () as lanes, count(*) over (partition by r.share_id) as siblings,
             (dense_rank() over (order by r.share_id) + dense_rank() over (order by r.share_id desc) - 1) as tenants
        from (select r.*, sum(r.cost) over (order by r.soonest, r.lane_id) - r.cost as before from ranked r) r
       where r.before < room
    ), lined_up as materialized (
      select k.*, j.id, j.nth, k.lane_from + (j.nth - 1) * k.cost / k.weight as lane_tag
        from (select k.*, least(k.may, ceil(room / k.cost * greatest(2.0 / k.tenants / k.siblings, 4.0 / k.lanes))
                     )::integer as allowed from kept k) k
       cross join lateral (
             select c.id, row_number() over (order by c.priority, c.id) as nth from outrider.jobs c
              where c.lane_id = k.lane_id and c.state = 'ready'
              order by c.priority, c.id limit k.allowed) j
    ), tagged as (
      select u.*, u.share_from + (sum(u.cost) over (
               partition by u.share_id order by u.lane_tag, u.nth, u.id) - u.cost) / u.share as tag
        from lined_up u
    ), chosen as materialized (
      select m.* from (select t.*, sum(t.cost) over (order by t.tag, t.id) - t.cost as ahead from tagged t) m
       where m.ahead < room
    ), locked as materialized (   -- whoever leans on a waiting job (db/jobs.py) keeps it for this round
      select j.id from outrider.jobs j   -- arrays: a join would read the backlog, as the planner sees it
       where j.id = any (array(select c.id from chosen c)) and j.state = 'ready' for update skip locked
    ), moved as (
      update outrider.jobs j set state = 'dispatched', lease_until = moment + p_lease
       where j.id = any (array(select k.id from locked k)) returning j.id, j.attempt
    ), lanes as (
      update outrider.lanes l
         set vtime = g.last, tat = case when g.every is null then l.tat else g.tat + g.jobs * g.every end
        from (select c.lane_id, max(c.lane_tag + c.cost / c.weight) as last, count(*) as jobs, min(c.every) as every, min(c.tat) as tat
                from chosen c join moved m on m.id = c.id group by c.lane_id) g
       where l.id = g.lane_id
    ), shares as (
      update outrider.shares s set vtime = g.last, lane_vtime = g.lane_last
        from (select c.share_id, max(c.tag + c.cost / c.share) as last, max(c.lane_tag) as lane_last
                from chosen c group by c.share_id) g
       where s.id = g.share_id
    ), clock as (
      update outrider.dispatch_clock d set vtime = g.now
        from (select max(c.tag) as now from chosen c) g where g.now is not null
    )
    (select c.id, c.tenant_id, c.actor, m.attempt, null::double precision
       from chosen c join moved m on m.id = c.id order by c.tag, c.id)
    union all
    select null, null, null, null, w.wait
      from (select min(case when o.opens > moment then extract(epoch from o.opens - moment)
                            when o.may > 0 then case when u.lane_id is null or u.jobs > coalesce(c.jobs, 0)
                                                       or u.jobs >= u.allowed then 0 end
                            when o.every is null or o.places <= 0 or o.probes <= 0 then 0
                            else extract(epoch from o.tat + o.every - o.burst * o.every - moment)
                       end)::double precision as wait
              from open o
              left join (select lane_id, min(allowed) as allowed, count(*) as jobs from lined_up group by lane_id) u
                   using (lane_id)
              left join (select lane_id, count(*) as jobs from chosen group by lane_id) c using (lane_id)) w
     where w.wait is not null;
end $$;

-- Workers of the version before ask for one job per ticket and keep to the same turns and limits.
create or replace function outrider.dispatch_pick(p_actors text[], p_window integer, p_lease interval)
returns table (id bigint, tenant_id uuid, actor text)
language sql volatile security definer set search_path = '' as $$
  select p.id, p.tenant_id, p.actor
    from outrider.dispatch_pick(p_actors, array_fill(1, array[cardinality(p_actors)]), p_window, p_lease) p
   where p.id is not null
$$;

alter function outrider.dispatch_sweep(interval, integer, boolean) set enable_seqscan = off;
alter function outrider.dispatch_promote(integer) set enable_seqscan = off;

-- Take back the tickets of a tenant, an actor or one lane: what was not started waits in line again.
create function outrider.dispatch_recall(p_tenant uuid, p_actor text, p_lane bigint) returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  recalled integer;
begin
  perform pg_advisory_xact_lock(7362004);   -- no pick in between: it would not see why
  update outrider.jobs j set state = 'ready', lease_until = null
   where j.id in (select d.id from outrider.jobs d
                   where d.state = 'dispatched'
                     and (d.tenant_id = p_tenant or d.actor = p_actor or d.lane_id = p_lane)
                   order by d.id for update);
  get diagnostics recalled = row_count;
  return recalled;
end $$;

do $$
declare f text;
begin
  foreach f in array array['dispatch_pick(text[], integer[], integer, interval, boolean)',
                           'dispatch_recall(uuid, text, bigint)'] loop
    execute format('revoke all on function outrider.%s from public', f);
  end loop;
end $$;
grant execute on function outrider.dispatch_pick(text[], integer[], integer, interval, boolean) to outrider_dispatcher;
grant execute on function outrider.dispatch_recall(uuid, text, bigint) to outrider_operator;
