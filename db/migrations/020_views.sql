-- The fleet as an operator sees it: views for psql, `outrider top` and the metrics page.
--
-- All of them are cheap by construction: they walk partial indexes, stop counting where more would
-- tell nobody anything, and never look at the rows that wait for a day to come.

-- Work that nobody handed a trace begins one, so that what follows from it can be found.
alter table outrider.jobs alter column trace_id
  set default coalesce(outrider.current_trace_id(), replace(gen_random_uuid()::text, '-', ''));
-- squawk-ignore require-concurrent-index-creation
create index webhook_events_trace_idx on outrider.webhook_events (trace_id);

-- When a job could first have been started: a wait that was wanted is no delay.
create function outrider.startable_since(p_enqueued timestamptz, p_due timestamptz) returns timestamptz
language sql volatile set search_path = '' as $$
  select greatest(p_enqueued, least(p_due, clock_timestamp()))
$$;

-- Jobs in somebody's hands: a few hundred rows. As functions, because a planner whose statistics know
-- none of these states would read the whole table.
create function outrider.jobs_in_flight()
returns table (id bigint, lane_id bigint, actor text, state outrider.job_state, session_id bigint, since timestamptz)
language sql volatile set search_path = '' set enable_seqscan = off set jit = off as $$
  select j.id, j.lane_id, j.actor, j.state, j.session_id,
         case when j.state = 'dispatched' then outrider.startable_since(j.enqueued_at, j.due_at) else j.started_at end
    from outrider.jobs j where j.state in ('dispatched', 'running')
$$;

-- The lanes that have ready work, and how long the next in line has waited.
create function outrider.lane_heads()
returns table (lane_id bigint, tenant_id uuid, actor text, oldest_seconds double precision)
language sql volatile set search_path = '' set enable_seqscan = off set jit = off as $$
  with recursive head (lane_id) as (
    (select j.lane_id from outrider.jobs j where j.state = 'ready' order by j.lane_id limit 1)
    union all
    select (select j.lane_id from outrider.jobs j where j.state = 'ready' and j.lane_id > h.lane_id
             order by j.lane_id limit 1)
      from head h where h.lane_id is not null
  )
  select h.lane_id, f.tenant_id, f.actor, f.oldest_seconds
    from head h
   cross join lateral (   -- the first in line of each priority
         select n.tenant_id, n.actor,
                extract(epoch from clock_timestamp() - outrider.startable_since(n.enqueued_at, n.due_at))::double precision
           from generate_series(0, 9) p
          cross join lateral (
                select j.tenant_id, j.actor, j.enqueued_at, j.due_at from outrider.jobs j
                 where j.lane_id = h.lane_id and j.priority = p and j.state = 'ready'
                 order by j.id limit 1) n
          order by 3 desc limit 1) f (tenant_id, actor, oldest_seconds)
   where h.lane_id is not null
$$;

-- The same with how much waits; counting a lane stops at 100,000.
create function outrider.waiting_lanes()
returns table (lane_id bigint, tenant_id uuid, actor text, oldest_seconds double precision, jobs bigint)
language sql volatile set search_path = '' set enable_seqscan = off set jit = off as $$
  select h.lane_id, h.tenant_id, h.actor, h.oldest_seconds, c.jobs
    from outrider.lane_heads() h
   cross join lateral (
         select count(*) as jobs from (
           select 1 from outrider.jobs j where j.lane_id = h.lane_id and j.state = 'ready' limit 100000) few) c
$$;

-- `oldest_seconds` by state: ready and dispatched, since it could have started; running and parked,
-- since it did; delayed, by how much the most overdue is late (0: nothing is).
-- `estimated`: more than 10,000 are delayed, so the soonest of them and the statistics of Postgres
-- say how many; or more than 100,000 are ready in one lane, and nobody counted on.
create function outrider.queue_depth()
returns table (actor text, state outrider.job_state, jobs bigint, estimated boolean, oldest_seconds double precision)
language sql volatile set search_path = '' set enable_seqscan = off set jit = off as $$
  with soon as (
    select j.actor, count(*) as jobs, min(j.due_at) as first
      from (select f.actor, f.due_at from outrider.jobs f
             where f.state = 'delayed' and f.retry_at is null order by f.due_at limit 10000) j
     group by j.actor
  ), backing_off as (
    select j.actor, count(*) as jobs, min(j.retry_at) as first
      from (select f.actor, f.retry_at from outrider.jobs f
             where f.state = 'delayed' and f.retry_at is not null order by f.retry_at limit 10000) j
     group by j.actor
  ), delayed as (
    select s.actor, s.jobs, t.seen >= 10000 as more, extract(epoch from t.moment - s.first) as late,
           greatest(1, (select c.reltuples from pg_catalog.pg_class c where c.oid = 'outrider.jobs_wait_idx'::regclass) / 10000) as times
      from soon s cross join (select sum(a.jobs) as seen, outrider.now() as moment from soon a) t
    union all
    select b.actor, b.jobs, t.seen >= 10000, extract(epoch from clock_timestamp() - b.first),
           greatest(1, (select c.reltuples from pg_catalog.pg_class c where c.oid = 'outrider.jobs_backoff_idx'::regclass) / 10000)
      from backing_off b cross join (select sum(a.jobs) as seen from backing_off a) t
  ), begun as (
    select j.actor, j.state, j.since from outrider.jobs_in_flight() j
    union all
    select j.actor, j.state, coalesce(j.started_at, j.enqueued_at) from outrider.jobs j where j.state = 'parked'
  )
  select w.actor, 'ready'::outrider.job_state, sum(w.jobs)::bigint, bool_or(w.jobs >= 100000), max(w.oldest_seconds)
    from outrider.waiting_lanes() w group by w.actor
  union all
  select d.actor, 'delayed', sum(case when d.more then d.jobs * d.times else d.jobs end)::bigint,
         bool_or(d.more), greatest(max(d.late), 0)::double precision
    from delayed d group by d.actor
  union all
  select b.actor, b.state, count(*), false,
         greatest(extract(epoch from clock_timestamp() - min(b.since)), 0)::double precision
    from begun b group by b.actor, b.state
$$;

create view outrider.fleet_depth with (security_invoker = true) as
  select d.actor, d.state, d.jobs, d.estimated, d.oldest_seconds,
         (select coalesce(sum(s.threads), 0) from outrider.sessions s where d.actor = any (s.actors))::integer as threads
    from outrider.queue_depth() d;
comment on view outrider.fleet_depth is 'Unfinished work by actor and state, and the threads that serve it';

-- `can_start`: nothing about the lane itself keeps its next job from being picked.
create view outrider.lane_standings with (security_invoker = true) as
  with flying as (
    select j.lane_id, count(*) as jobs from outrider.jobs_in_flight() j group by j.lane_id
  ), known as (
    select l.id, l.tenant_id, l.share_id, l.actor, l.key, l.weight,
           coalesce(l.max_running, r.max_running) as max_running,
           coalesce(l.rate_every, r.rate_every) as rate_every, coalesce(l.burst, r.burst, 1) as burst,
           l.tat, l.failures, l.blocked_until, l.blocked_because, coalesce(f.jobs, 0) as in_flight,
           case when l.paused_at is not null
                  or exists (select from outrider.pauses p where p.tenant_id = l.tenant_id or p.actor = l.actor)
                then 'paused'
                when l.blocked_until > clock_timestamp() then 'blocked'
                when l.failures >= r.opens_after then 'probing'
                else 'open' end as state
      from outrider.lanes l
      left join outrider.lane_rules r on r.actor = l.actor
      left join flying f on f.lane_id = l.id
  )
  select k.id, k.tenant_id, k.share_id, k.actor, k.key, k.state, k.in_flight, k.weight, k.max_running, k.rate_every, k.burst,
         k.tat, k.failures, k.blocked_until, k.blocked_because,
         k.state = 'open' and k.in_flight < coalesce(k.max_running, k.in_flight + 1)
           and (k.rate_every is null or k.tat is null or k.tat <= clock_timestamp() + (k.burst - 1) * k.rate_every)
           as can_start
    from known k;
comment on view outrider.lane_standings is 'Every lane: may it start work, and what keeps it';

create view outrider.fleet_lanes with (security_invoker = true) as
  select l.id, l.tenant_id, t.slug as tenant, l.actor, l.key, l.state, coalesce(w.jobs, 0) as ready, l.in_flight,
         w.oldest_seconds, coalesce(s.weight, 1) as share, l.weight, l.max_running, l.rate_every, l.burst, l.tat,
         l.failures, l.blocked_until, l.blocked_because, l.can_start
    from outrider.lane_standings l
    left join outrider.tenants t on t.id = l.tenant_id
    left join outrider.shares s on s.id = l.share_id
    left join outrider.waiting_lanes() w on w.lane_id = l.id;
comment on view outrider.fleet_lanes is 'Every lane with what waits in it, and for how long';

-- How long a wait has been over that was not ended, by the clock that it waits on.
create function outrider.promotable() returns table (seconds double precision)
language sql volatile set search_path = '' set enable_seqscan = off as $$
  select greatest(0, extract(epoch from outrider.now() - (
           select j.due_at from outrider.jobs j where j.state = 'delayed' and j.retry_at is null
            order by j.due_at limit 1)), extract(epoch from clock_timestamp() - (
           select j.retry_at from outrider.jobs j where j.state = 'delayed' and j.retry_at is not null
            order by j.retry_at limit 1)))::double precision
$$;

-- What a dispatcher should have done by now: `pickable`, ready work that nothing holds back while
-- threads are free; `promotable`, a wait that is over and was not ended.
create view outrider.fleet_lag with (security_invoker = true) as
  with free as (
    select s.actor, sum(s.threads) > coalesce(min(b.jobs), 0) as idle
      from (select unnest(actors) as actor, threads from outrider.sessions) s
     cross join (select count(*) as jobs from outrider.jobs_in_flight()) b
     group by s.actor
  )
  select coalesce((select max(h.oldest_seconds) from outrider.lane_heads() h
                     join outrider.lane_standings l on l.id = h.lane_id join free f on f.actor = h.actor
                    where l.can_start and f.idle), 0)::double precision as pickable_seconds,
         (select p.seconds from outrider.promotable() p) as promotable_seconds;
comment on view outrider.fleet_lag is 'How far the dispatchers are behind, in seconds';

create view outrider.fleet_dead with (security_invoker = true) as
  select d.fingerprint, d.actor, min(d.error_class) as error_class, count(*) as letters,
         count(distinct d.tenant_id) as tenants, min(d.died_at) as first_at, max(d.died_at) as last_at,
         max(d.id) as example_id,
         (select e.error_message from outrider.dead_letters e where e.id = max(d.id)) as example
    from outrider.dead_letters d where d.status = 'open'
   group by d.fingerprint, d.actor;
comment on view outrider.fleet_dead is 'Open dead letters, one line per kind of death';

create view outrider.fleet_sessions with (security_invoker = true) as
  select s.id, s.host, s.pid, s.actors, s.threads, s.started_at,
         extract(epoch from clock_timestamp() - s.beat_at)::double precision as silent_seconds,
         coalesce(r.jobs, 0) as running,
         extract(epoch from clock_timestamp() - r.since)::double precision as oldest_running_seconds
    from outrider.sessions s
    left join (select j.session_id, count(*) as jobs, min(j.since) as since
                 from outrider.jobs_in_flight() j where j.state = 'running' group by j.session_id) r on r.session_id = s.id;
comment on view outrider.fleet_sessions is 'Live worker processes, how long each has been silent, and what it runs';

-- `wait` is from the enqueue to the last start, a wait that was wanted included; `run` is that attempt.
create view outrider.fleet_throughput with (security_invoker = true) as
  select w.span, l.actor, count(*) as jobs,
         count(*) filter (where l.outcome = 'done') as done,
         count(*) filter (where l.outcome = 'dead') as dead,
         count(*) filter (where l.outcome = 'cancelled') as cancelled,
         sum(l.attempt)::bigint as attempts,
         percentile_cont(0.5) within group (order by extract(epoch from l.started_at - l.enqueued_at)::double precision) as wait_p50,
         percentile_cont(0.95) within group (order by extract(epoch from l.started_at - l.enqueued_at)::double precision) as wait_p95,
         percentile_cont(0.5) within group (order by extract(epoch from l.finished_at - l.started_at)::double precision) as run_p50,
         percentile_cont(0.95) within group (order by extract(epoch from l.finished_at - l.started_at)::double precision) as run_p95
    from (values (interval '5 minutes'), (interval '1 hour')) w (span)
    join outrider.job_log l on l.finished_at > statement_timestamp() - w.span   -- stable: days are pruned
   group by w.span, l.actor;
comment on view outrider.fleet_throughput is 'What finished in the last five minutes and in the last hour, by actor';

create view outrider.fleet_doubts with (security_invoker = true) as
  select split_part(split_part(e.key, ':', 1), '/', 1) as kind, e.reason, count(*) as calls,
         count(distinct e.tenant_id) as tenants, min(e.intent_at) as oldest_at, min(e.key) as example
    from outrider.effects e where e.state = 'in_doubt' group by 1, 2;
comment on view outrider.fleet_doubts is 'Calls whose end nobody knows, by kind and reason';

create view outrider.fleet_cron with (security_invoker = true) as
  select s.name, s.actor, s.cron, s.timezone, s.is_active, f.last_at, s.next_at,
         case when s.is_active and s.paused_at is null then greatest(0, extract(epoch from outrider.now() - s.next_at)) else 0
         end::double precision as overdue_seconds, coalesce(f.missed, 0) as missed
    from outrider.schedules s
    left join lateral (
         select max(c.fire_at) as last_at,
                sum(c.missed) filter (where c.fired_at > clock_timestamp() - interval '1 day') as missed
           from outrider.cron_fires c where c.name = s.name) f on true;
comment on view outrider.fleet_cron is 'Schedules: last and next fire, how late, and the fires missed within a day';

do $$
declare v text;
begin
  foreach v in array array['fleet_depth', 'lane_standings', 'fleet_lanes', 'fleet_lag', 'fleet_dead',
                           'fleet_sessions', 'fleet_throughput', 'fleet_doubts', 'fleet_cron'] loop
    execute format('grant select on outrider.%I to outrider_operator', v);
  end loop;
end $$;

-- Seconds since the start of the oldest transaction here: what autovacuum cannot clean behind. Null
-- when the owner may not see the transactions of others.
create function outrider.oldest_transaction() returns double precision
language sql volatile security definer set search_path = '' as $$
  select extract(epoch from clock_timestamp() - min(a.xact_start))::double precision
    from pg_catalog.pg_stat_activity a
   where a.datname = current_database() and a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
$$;

-- Whether a death is news: no open letter says the same already. Deaths of one kind wait here for each
-- other, so of any number at once exactly one is news; a rolled back one was none.
create function outrider.is_news(p_letter bigint) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  letter record;
begin
  select d.actor, d.fingerprint into strict letter from outrider.dead_letters d where d.id = p_letter;
  perform pg_advisory_xact_lock(hashtextextended('dead/' || letter.actor || '/' || letter.fingerprint, 0));
  return not exists (
    select from outrider.dead_letters d
     where d.fingerprint = letter.fingerprint and d.actor = letter.actor and d.status = 'open' and d.id <> p_letter);
end $$;

-- The kinds of death that a sweep of this very transaction brought about, and that are news.
create function outrider.swept_news() returns table (actor text, fingerprint text, error_message text)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  letter record;
begin
  for letter in
    select d.actor, min(d.id) as first, count(*) as mine from outrider.dead_letters d
     where d.fingerprint = 'WorkerLost' and d.status = 'open' and d.xmin = pg_current_xact_id()::xid
     group by d.actor order by d.actor
  loop
    perform pg_advisory_xact_lock(hashtextextended('dead/' || letter.actor || '/WorkerLost', 0));
    return query
      select d.actor, d.fingerprint, d.error_message from outrider.dead_letters d
       where d.id = letter.first and letter.mine = (
         select count(*) from (select from outrider.dead_letters o
                                where o.fingerprint = 'WorkerLost' and o.actor = letter.actor and o.status = 'open'
                                limit letter.mine + 1) few);
  end loop;
end $$;

do $$
declare f text;
begin
  foreach f in array array['startable_since(timestamptz, timestamptz)', 'jobs_in_flight()', 'promotable()', 'lane_heads()', 'waiting_lanes()', 'queue_depth()',
                           'oldest_transaction()', 'is_news(bigint)', 'swept_news()'] loop
    execute format('revoke all on function outrider.%s from public', f);
  end loop;
end $$;
-- How old what retention has not dropped yet is: the end of the oldest day that is over.
create function outrider.history_age() returns double precision
language sql volatile security definer set search_path = '' as $$
  select extract(epoch from clock_timestamp() - min(p.ends_at))::double precision
    from outrider.job_log_parts() p where p.ends_at < clock_timestamp()
$$;
revoke all on function outrider.history_age() from public;
grant execute on function outrider.history_age() to outrider_operator;
grant execute on function outrider.startable_since(timestamptz, timestamptz), outrider.jobs_in_flight(), outrider.promotable(),
  outrider.lane_heads(), outrider.waiting_lanes(),
  outrider.queue_depth(), outrider.oldest_transaction() to outrider_operator;
grant execute on function outrider.is_news(bigint) to outrider_worker;
grant execute on function outrider.swept_news() to outrider_dispatcher;
