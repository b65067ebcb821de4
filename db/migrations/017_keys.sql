-- What the policies of unique keys and the cancellation of a run need to know of a job.
-- No index on the trace: it would cost every state change of every job, for an operator's rare scan.

alter table outrider.jobs
  add column latest_at timestamptz,                     -- business time; a debounced job waits no longer
  add column shared    boolean not null default false;  -- several runs lean on it: no run's end ends it
comment on column outrider.jobs.latest_at is 'When a debounced job is due at the latest, however often it is put off';
comment on column outrider.jobs.shared is 'It gathers what several runs said, so cancelling one run leaves it';

-- By its key first: every Postgres finds it so, whether the tenant is compared by = or as "not distinct".
-- squawk-ignore require-concurrent-index-creation
create unique index jobs_key_uk on outrider.jobs (live_key, tenant_id) nulls not distinct where live_key is not null;
-- squawk-ignore require-concurrent-index-deletion
drop index outrider.jobs_live_key_uk;
