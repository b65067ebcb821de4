-- What the dispatcher may do across tenants: a few functions, run as the owner, and no table grant.
-- Every one is safe to run in any number of processes at once: rows that another holds are skipped.

-- Give up on a job, and keep why. Null when the caller no longer owns it (p_token is stale).
create function outrider.bury(
  p_job bigint, p_token bigint, p_class text, p_message text, p_fingerprint text) returns bigint
language sql volatile set search_path = '' as $$
  with gone as (
    delete from outrider.jobs j where j.id = p_job and j.token is not distinct from p_token returning j.*
  ), doubted as (   -- a call that was begun on the last attempt: nobody knows, and everybody can see it
    update outrider.effects e
       set state = 'in_doubt', settled_at = clock_timestamp(), reason = 'The job died while the call was under way.'
      from gone
     where e.job_id = gone.id and e.token = gone.token and e.class = 'unrepeatable' and e.state = 'intent'
  ), logged as (
    insert into outrider.job_log (job_id, tenant_id, actor, outcome, attempt, parent_id, trace_id, enqueued_at, started_at)
    select id, tenant_id, actor, 'dead', attempt, parent_id, trace_id, enqueued_at, started_at from gone
  )
  insert into outrider.dead_letters (tenant_id, job_id, actor, payload, version, max_attempts, attempts,
                                     error_class, error_message, fingerprint, effect_keys, parent_id, trace_id)
  select tenant_id, id, actor, payload, version, max_attempts, attempt,
         p_class, left(p_message, 4000), p_fingerprint,
         array(select e.key from outrider.effects e where e.job_id = gone.id order by e.key), parent_id, trace_id
    from gone
  returning id
$$;
grant execute on function outrider.bury(bigint, bigint, text, text, text) to outrider_worker;

-- Waits that are over become ready: business waits by the business clock, backoff by the real one.
create function outrider.dispatch_promote(p_limit integer) returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  promoted integer;
begin
  with waited as (
    select id from outrider.jobs
     where state = 'delayed' and retry_at is null and due_at <= outrider.now()
     order by due_at limit p_limit for update skip locked
  ), backed_off as (
    select id from outrider.jobs
     where state = 'delayed' and retry_at is not null and retry_at <= clock_timestamp()
     order by retry_at limit p_limit for update skip locked
  )
  update outrider.jobs j set state = 'ready', retry_at = null
    from (select id from waited union all select id from backed_off) due
   where j.id = due.id;
  get diagnostics promoted = row_count;
  return promoted;
end $$;

-- Pick up to p_window minus what is already on its way, oldest first, and start the ticket's lease.
create function outrider.dispatch_pick(p_actors text[], p_window integer, p_lease interval)
returns table (id bigint, tenant_id uuid, actor text)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  room integer;
begin
  -- One picks at a time, or the window would be one per dispatcher; the others look again soon.
  if not pg_try_advisory_xact_lock(7362004) then
    return;
  end if;
  room := p_window - (select count(*) from outrider.jobs where state = 'dispatched' and actor = any (p_actors));
  if room <= 0 then
    return;
  end if;
  return query
    with picked as (
      select j.id from outrider.jobs j
       where j.state = 'ready' and j.actor = any (p_actors)
         and not exists (select 1 from outrider.pauses p where p.tenant_id = j.tenant_id or p.actor = j.actor)
       order by j.id limit room for update of j skip locked
    )
    update outrider.jobs j set state = 'dispatched', lease_until = clock_timestamp() + p_lease
      from picked where j.id = picked.id
    returning j.id, j.tenant_id, j.actor;
end $$;

-- Whether anything is ready that the window did not let through.
create function outrider.dispatch_waiting(p_actors text[]) returns boolean
language sql volatile security definer set search_path = '' as $$
  select exists (
    select 1 from outrider.jobs j
     where j.state = 'ready' and j.actor = any (p_actors)
       and not exists (select 1 from outrider.pauses p where p.tenant_id = j.tenant_id or p.actor = j.actor))
$$;

-- Tickets that got lost and processes that died: ready again, or dead when the attempts are spent.
-- A session is dead when it was silent for p_lease; a job is overdue when its own deadline passed.
-- p_deaths is false for a scheduler that was itself cut off: it cannot tell who else was.
create function outrider.dispatch_sweep(p_lease interval, p_limit integer, p_deaths boolean)
returns table (rung_again integer, recovered integer, buried integer)
language plpgsql volatile security definer set search_path = '' as $$
declare
  lost record;
begin
  rung_again := 0; recovered := 0; buried := 0;
  if p_deaths then
    delete from outrider.sessions s where s.id in (
      select d.id from outrider.sessions d where d.beat_at < clock_timestamp() - p_lease for update skip locked);
  end if;

  update outrider.jobs j set state = 'ready', lease_until = null
   where j.id in (select d.id from outrider.jobs d
                   where d.state = 'dispatched' and d.lease_until < clock_timestamp()
                   order by d.lease_until limit p_limit for update skip locked);
  get diagnostics rung_again = row_count;

  for lost in
    select j.id, j.token, j.attempt, j.max_attempts, j.deadline_at < clock_timestamp() as overdue
      from outrider.jobs j
     where j.state = 'running'
       and (j.deadline_at < clock_timestamp()
            or not exists (select 1 from outrider.sessions s where s.id = j.session_id))
     order by j.id limit p_limit for update skip locked
  loop
    if lost.attempt >= lost.max_attempts then
      perform outrider.bury(lost.id, lost.token, 'WorkerLost',
        case when lost.overdue then 'The job ran past its deadline on every attempt.'
             else 'The process that ran this job died on every attempt.' end,
        'WorkerLost');
      buried := buried + 1;
    else
      -- At once the first time; a job that keeps losing its worker waits a little longer each time.
      update outrider.jobs j
         set state = case when lost.attempt > 1 then 'delayed' else 'ready' end::outrider.job_state,
             retry_at = case when lost.attempt > 1 then clock_timestamp() + interval '1 second' * (lost.attempt - 1) end,
             session_id = null, token = null, deadline_at = null,
             last_error = case when lost.overdue then 'DeadlinePassed' else 'WorkerLost' end
       where j.id = lost.id;
      recovered := recovered + 1;
    end if;
  end loop;
  return next;
end $$;

-- Tickets that could not be rung, because Redis is away: ready again at once.
create function outrider.dispatch_return(p_ids bigint[]) returns void
language sql volatile security definer set search_path = '' as $$
  update outrider.jobs set state = 'ready', lease_until = null where id = any (p_ids) and state = 'dispatched'
$$;

-- Whether a process still counts as alive; nobody claims under the name of a dead one.
create function outrider.session_is_live(p_session bigint) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select 1 from outrider.sessions s where s.id = p_session)
$$;
revoke all on function outrider.session_is_live(bigint) from public;
grant execute on function outrider.session_is_live(bigint) to outrider_worker;

-- What the fleet looks like, for metrics and `outrider jobs list`.
create function outrider.dispatch_depth()
returns table (actor text, state outrider.job_state, jobs bigint, oldest_seconds double precision)
language sql stable security definer set search_path = '' as $$
  select j.actor, j.state, count(*), extract(epoch from clock_timestamp() - min(j.enqueued_at))::double precision
    from outrider.jobs j group by j.actor, j.state order by j.actor, j.state
$$;

do $$
declare f text;
begin
  foreach f in array array['dispatch_promote(integer)', 'dispatch_pick(text[], integer, interval)', 'dispatch_waiting(text[])',
                           'dispatch_sweep(interval, integer, boolean)', 'dispatch_return(bigint[])', 'dispatch_depth()'] loop
    execute format('revoke all on function outrider.%s from public', f);
    execute format('grant execute on function outrider.%s to outrider_dispatcher', f);
  end loop;
end $$;
revoke all on function outrider.bury(bigint, bigint, text, text, text) from public;
