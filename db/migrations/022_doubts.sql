-- A call that any attempt of a job began is in doubt when the job dies, not only one of its last
-- attempt: an attempt that fails before it looks after the call would take the doubt with it.
create or replace function outrider.bury(
  p_job bigint, p_token bigint, p_class text, p_message text, p_fingerprint text) returns bigint
language sql volatile set search_path = '' as $$
  with gone as (
    delete from outrider.jobs j where j.id = p_job and j.token is not distinct from p_token returning j.*
  ), doubted as (   -- begun and not settled: nobody knows, and everybody can see it; token 0 was released
    update outrider.effects e
       set state = 'in_doubt', settled_at = clock_timestamp(), reason = 'The job died before anybody knew how the call ended.'
      from gone
     where e.job_id = gone.id and e.token <> 0 and e.class = 'unrepeatable' and e.state = 'intent'
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
