-- Dead letters have a second end: somebody decides that the work is not done at all.
--
--   open ──► replayed     a new job, once (replay_job_id)
--      └───► discarded    never, and nobody takes that back
--
-- Who ended it and when is on the letter; why is in the audit trail. A batch is one command.

alter table outrider.dead_letters
  add column batch_id  uuid,
  add column closed_at timestamptz,             -- null as well where a worker of the version before replayed it
  add column closed_by text;
-- Few rows, and all of them fit: the old check allowed fewer words, and nobody could close a letter before.
-- squawk-ignore constraint-missing-not-valid, ban-drop-constraint
alter table outrider.dead_letters drop constraint dead_letters_status_check, add constraint dead_letters_status_check check (status in ('open', 'replayed', 'discarded'));
-- squawk-ignore constraint-missing-not-valid
alter table outrider.dead_letters add constraint dead_letters_closed_by_somebody check (
  (closed_at is null) = (closed_by is null) and (status <> 'open' or closed_at is null) and (status <> 'discarded' or closed_at is not null));

-- Hundreds of rows, not millions: building these takes moments.
-- squawk-ignore require-concurrent-index-creation
create index dead_letters_died_idx on outrider.dead_letters (died_at);
-- squawk-ignore require-concurrent-index-creation
create index dead_letters_batch_idx on outrider.dead_letters (batch_id) where batch_id is not null;

-- What is over stays as it ended, and nobody but retention deletes a letter.
create function outrider.refuse_to_reopen() returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception 'dead letter % was %, and stays so', old.id, old.status using errcode = 'check_violation';
end $$;
create trigger dead_letters_stay_closed before update of status, replay_job_id on outrider.dead_letters
  for each row when (old.status <> 'open' and (new.status, new.replay_job_id) is distinct from (old.status, old.replay_job_id))
  execute function outrider.refuse_to_reopen();
revoke delete on outrider.dead_letters from outrider_worker;

-- Forget letters that are over for so long, with the line of the death itself; at most p_limit.
-- Kept: a replay that is not over or died in turn, a call in doubt, and mail that was given up unread,
-- for its letter is what says so. The counterpart for everything else is prune_history.
create function outrider.prune_dead_letters(p_age interval, p_limit integer) returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  gone bigint[];
begin
  with old as (
    select d.id from outrider.dead_letters d
     where d.status <> 'open' and coalesce(d.closed_at, d.died_at) < clock_timestamp() - p_age
       and not exists (select from outrider.jobs j where j.id = d.replay_job_id)
       and not exists (select from outrider.dead_letters again where again.job_id = d.replay_job_id)
       and not exists (select from outrider.effects e where e.job_id = d.job_id and e.state = 'in_doubt')
       and not (d.status = 'discarded' and d.actor in ('mail.match', 'reply.classify', 'enrollment.settle'))
     order by d.id limit p_limit for update of d skip locked
  ), deleted as (
    delete from outrider.dead_letters d using old where d.id = old.id returning d.job_id
  ) select array_agg(job_id) into gone from deleted;
  delete from outrider.job_log where job_id = any (gone);
  return coalesce(cardinality(gone), 0);
end $$;
revoke all on function outrider.prune_dead_letters(interval, integer) from public;
grant execute on function outrider.prune_dead_letters(interval, integer) to outrider_dispatcher;
