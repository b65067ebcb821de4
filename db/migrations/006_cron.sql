-- Schedules and the fires they made. The lock on next_at, the primary key of the fire and the job
-- are one transaction: any number of schedulers, no gap, no double.

create table outrider.schedules (
  name       text primary key,
  actor      text not null,
  payload    jsonb not null default '{}',
  cron       text not null,
  timezone   text not null default 'UTC',
  is_active  boolean not null default true,
  next_at    timestamptz not null,
  created_at timestamptz not null default outrider.now(),
  updated_at timestamptz not null default outrider.now()
);
create index schedules_due_idx on outrider.schedules (next_at) where is_active;
comment on table outrider.schedules is 'Cron lines of the code, mirrored here with their next fire || every worker process';

create table outrider.cron_fires (
  name        text not null references outrider.schedules (name) on delete cascade,
  fire_at     timestamptz not null,
  previous_at timestamptz,                       -- the fire before this one: the chain proves there is no gap
  missed      integer not null default 0 check (missed >= 0),
  job_id      bigint not null unique,
  fired_at    timestamptz not null default clock_timestamp(),
  primary key (name, fire_at)
);
comment on table outrider.cron_fires is 'One row per fire; a second scheduler finds the key taken || dispatcher';

do $$
declare t text;
begin
  foreach t in array array['schedules', 'cron_fires'] loop
    execute format('alter table outrider.%I enable row level security', t);
    execute format('grant select, insert, update, delete on outrider.%I to outrider_dispatcher', t);
    execute format('create policy dispatcher on outrider.%I to outrider_dispatcher using (true) with check (true)', t);
    execute format('grant select on outrider.%I to outrider_operator', t);
    execute format('create policy operator on outrider.%I for select to outrider_operator using (true)', t);
  end loop;
end $$;
create trigger schedules_touch before update on outrider.schedules
  for each row execute function outrider.touch_updated_at();

-- The dispatcher makes the jobs of the house, and no tenant's.
grant insert, select on outrider.jobs to outrider_dispatcher;
create policy house_jobs on outrider.jobs to outrider_dispatcher using (tenant_id is null) with check (tenant_id is null);
