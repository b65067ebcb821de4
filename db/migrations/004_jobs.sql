-- One row per decision to do something, written in the transaction that decided it.
-- Redis only rings the bell: losing it loses nothing, because every unfinished row is still here.
--
--   delayed ──► ready ──► dispatched ──► running ──► (deleted; one line in job_log)
--      ▲          ▲            │            ├──► parked      an effect is in doubt
--      └──backoff─┴─lease lost─┴────────────┘──► dead_letters
--
-- Two clocks: due_at waits on business time, every other column here on clock_timestamp().

create type outrider.job_state as enum ('delayed', 'ready', 'dispatched', 'running', 'parked');
create type outrider.job_outcome as enum ('done', 'dead', 'cancelled');
create type outrider.effect_class as enum ('repeatable', 'unrepeatable');
create type outrider.effect_state as enum ('intent', 'done', 'in_doubt');

create sequence outrider.job_ids;
create sequence outrider.job_tokens;
grant usage on sequence outrider.job_ids to outrider_worker, outrider_dispatcher;
grant usage on sequence outrider.job_tokens to outrider_worker;

create table outrider.sessions (
  id         bigint generated always as identity primary key,
  host       text not null,
  pid        integer not null,
  actors     text[] not null,
  threads    integer not null check (threads > 0),
  started_at timestamptz not null default clock_timestamp(),
  beat_at    timestamptz not null default clock_timestamp()
);
comment on table outrider.sessions is 'One heartbeat row per live worker process || every worker process';

-- No foreign key to tenants: this is the hot table, and a key-share lock on one tenant row from
-- every enqueue of that tenant is a convoy. Row level security holds the tenant column.
create table outrider.jobs (
  id           bigint primary key default nextval('outrider.job_ids'),
  tenant_id    uuid default outrider.current_tenant_id(),       -- null: work of the house itself
  actor        text not null check (actor <> ''),
  payload      jsonb not null,
  version      smallint not null default 1,
  state        outrider.job_state not null default 'ready',
  due_at       timestamptz not null default outrider.now(),
  retry_at     timestamptz,
  attempt      smallint not null default 0 check (attempt >= 0),
  max_attempts smallint not null check (max_attempts between 1 and 100),
  live_key     text,
  session_id   bigint,
  token        bigint,
  lease_until  timestamptz,
  deadline_at  timestamptz,
  started_at   timestamptz,
  parent_id    bigint default outrider.current_job_id(),
  replay_of    bigint,
  parked_on    text,                                            -- the effect that is in doubt
  trace_id     text default outrider.current_trace_id(),
  last_error   text,
  enqueued_at  timestamptz not null default clock_timestamp(),
  constraint jobs_attempts_bounded check (attempt <= max_attempts),
  constraint jobs_retry_only_while_delayed check (retry_at is null or state = 'delayed'),
  constraint jobs_lease_iff_dispatched check ((lease_until is not null) = (state = 'dispatched')),
  constraint jobs_parked_on_something check ((parked_on is not null) = (state = 'parked')),
  constraint jobs_owned_iff_running check (
    (state = 'running') = (session_id is not null) and (state = 'running') = (token is not null)
    and (state = 'running') = (deadline_at is not null))
);
create index jobs_wait_idx     on outrider.jobs (due_at)      where state = 'delayed' and retry_at is null;
create index jobs_backoff_idx  on outrider.jobs (retry_at)    where state = 'delayed' and retry_at is not null;
create index jobs_ready_idx    on outrider.jobs (id)          where state = 'ready';
create index jobs_lease_idx    on outrider.jobs (lease_until) where state = 'dispatched';
create index jobs_running_idx  on outrider.jobs (session_id)  where state = 'running';
create index jobs_deadline_idx on outrider.jobs (deadline_at) where state = 'running';
create index jobs_parked_idx   on outrider.jobs (id)          where state = 'parked';
create unique index jobs_live_key_uk on outrider.jobs (tenant_id, live_key) nulls not distinct where live_key is not null;
comment on table outrider.jobs is 'Unfinished work, and nothing else: a finished row is deleted || emit(), dispatcher, workers';

create table outrider.job_keys (
  tenant_id  uuid default outrider.current_tenant_id(),
  key        text not null check (key <> ''),
  job_id     bigint not null,
  made_at    timestamptz not null default clock_timestamp(),
  expires_at timestamptz,                                        -- null: for ever
  unique nulls not distinct (tenant_id, key)
);
create index job_keys_expiry_idx on outrider.job_keys (expires_at) where expires_at is not null;
comment on table outrider.job_keys is 'Occurrences that already made their job, for N days or for ever || emit()';

create table outrider.job_log (
  job_id      bigint primary key,
  tenant_id   uuid,
  actor       text not null,
  outcome     outrider.job_outcome not null,
  attempt     smallint not null,
  parent_id   bigint,
  trace_id    text,
  enqueued_at timestamptz not null,
  started_at  timestamptz,
  finished_at timestamptz not null default clock_timestamp()
);
create index job_log_tenant_idx on outrider.job_log (tenant_id, finished_at desc);
create index job_log_age_idx on outrider.job_log (finished_at);
comment on table outrider.job_log is 'One line per finished job; the primary key allows one completion || workers';

create table outrider.dead_letters (
  id             bigint generated always as identity primary key,
  tenant_id      uuid,
  job_id         bigint not null unique,
  actor          text not null,
  payload        jsonb not null,
  version        smallint not null,
  max_attempts   smallint not null,
  attempts       smallint not null,
  error_class    text not null,
  error_message  text not null,
  fingerprint    text not null,
  effect_keys    text[] not null default '{}',
  parent_id      bigint,
  trace_id       text,
  status         text not null default 'open' check (status in ('open', 'replayed')),
  replay_job_id  bigint,
  died_at        timestamptz not null default clock_timestamp(),
  constraint dead_letters_replayed_names_its_job check ((status = 'replayed') = (replay_job_id is not null))
);
create index dead_letters_open_idx on outrider.dead_letters (tenant_id, actor, id) where status = 'open';
create index dead_letters_group_idx on outrider.dead_letters (fingerprint) where status = 'open';
comment on table outrider.dead_letters is 'Work that gave up, whole, with the reason; replay is a new job || workers, sweeper; operator replays';

-- Effects on the outside world, keyed by business identity and not by job: a replay finds what its
-- predecessor did. A claim on a key is a committed row before the call is made.
create table outrider.effects (
  tenant_id  uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  key        text not null check (key <> ''),
  class      outrider.effect_class not null,
  state      outrider.effect_state not null default 'intent',
  job_id     bigint not null,
  token      bigint not null,
  calls      integer not null default 1 check (calls > 0),
  response   jsonb,
  reason     text,
  intent_at  timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  primary key (tenant_id, key),
  constraint effects_done_has_response check ((state = 'done') = (response is not null)),
  constraint effects_settled_iff_not_intent check ((state = 'intent') = (settled_at is null)),
  constraint effects_doubt_has_reason check ((state = 'in_doubt') = (reason is not null))
);
create index effects_job_idx on outrider.effects (job_id);
create index effects_unsettled_idx on outrider.effects (state) where state <> 'done';
comment on table outrider.effects is 'Ledger of calls to the outside world: intended, done, or in doubt || every actor with an effect';

create table outrider.pauses (
  id        bigint generated always as identity primary key,
  tenant_id uuid references outrider.tenants (id) on delete cascade,
  actor     text,
  reason    text not null check (btrim(reason) <> ''),
  paused_by text not null,
  paused_at timestamptz not null default clock_timestamp(),
  constraint pauses_one_subject check ((tenant_id is null) <> (actor is null)),
  unique nulls not distinct (tenant_id, actor)
);
comment on table outrider.pauses is 'Tenants and actors that get no new work || operator';

-- Tenant rows, and rows of the house (tenant_id null) when no tenant is set.
do $$
declare t text;
begin
  foreach t in array array['jobs', 'job_keys', 'job_log', 'dead_letters'] loop
    execute format('alter table outrider.%I enable row level security', t);
    execute format('grant select, insert, update, delete on outrider.%I to outrider_worker', t);
    execute format('create policy worker_tenant on outrider.%I to outrider_worker
                    using (tenant_id is not distinct from (select outrider.current_tenant_id()))
                    with check (tenant_id is not distinct from (select outrider.current_tenant_id()))', t);
    execute format('grant select on outrider.%I to outrider_operator', t);
    execute format('create policy operator on outrider.%I to outrider_operator using (true) with check (true)', t);
  end loop;
end $$;
-- A line in the log and the record of an occurrence are history: nobody rewrites them, but an
-- occurrence whose days are over may happen again.
revoke update, delete on outrider.job_log, outrider.job_keys from outrider_worker;
grant update (job_id, made_at, expires_at) on outrider.job_keys to outrider_worker;
create policy only_expired on outrider.job_keys as restrictive for update to outrider_worker
  using (tenant_id is not distinct from (select outrider.current_tenant_id()) and expires_at < clock_timestamp())
  with check (tenant_id is not distinct from (select outrider.current_tenant_id()));

call outrider.protect('outrider.effects', 'none', 'select, insert, update',
  'select (tenant_id, key, class, state, job_id, token, calls, reason, intent_at, settled_at)');

alter table outrider.sessions enable row level security;
grant select, insert, update, delete on outrider.sessions to outrider_dispatcher;
create policy dispatcher on outrider.sessions to outrider_dispatcher using (true) with check (true);
grant select on outrider.sessions to outrider_operator;
create policy operator on outrider.sessions for select to outrider_operator using (true);

alter table outrider.pauses enable row level security;
grant select on outrider.pauses to outrider_worker;
create policy worker_tenant on outrider.pauses for select to outrider_worker
  using (tenant_id is null or tenant_id = (select outrider.current_tenant_id()));
grant select, insert, delete on outrider.pauses to outrider_operator;
create policy operator on outrider.pauses to outrider_operator using (true) with check (true);
