-- A job that kills its process takes its neighbours' attempts along. After the second loss in a row
-- each waits for a while of its own, so that they do not meet again and go under together.
create or replace function outrider.dispatch_sweep(p_lease interval, p_limit integer, p_deaths boolean)
returns table (rung_again integer, recovered integer, buried integer)
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
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
      -- At once the first time; a job that keeps losing its worker waits longer each time, and
      -- not as long as the next one: who started together died together.
      update outrider.jobs j
         set state = case when lost.attempt > 1 then 'delayed' else 'ready' end::outrider.job_state,
             retry_at = case when lost.attempt > 1
                             then clock_timestamp() + interval '1 second' * (lost.attempt - 1) * (0.5 + 5 * random()) end,
             session_id = null, token = null, deadline_at = null,
             last_error = case when lost.overdue then 'DeadlinePassed' else 'WorkerLost' end
       where j.id = lost.id;
      recovered := recovered + 1;
    end if;
  end loop;
  return next;
end $$;
