-- What is said, to whom, when: sequences, campaigns, enrollments, their steps, and every message.

create type outrider.campaign_status as enum ('draft', 'active', 'paused', 'completed');
create type outrider.enrollment_status as enum ('active', 'held', 'paused', 'completed', 'stopped');
create type outrider.step_status as enum ('scheduled', 'sent', 'skipped', 'failed', 'cancelled');
create type outrider.stop_reason as enum (
  'replied', 'unsubscribed', 'bounced', 'complained', 'meeting', 'refused', 'suppressed', 'operator');
create type outrider.message_direction as enum ('outbound', 'inbound');
create type outrider.message_status as enum ('sending', 'sent', 'failed', 'received');

alter table outrider.leads add column timezone text;   -- IANA, as a source told us; null: concluded from the country
grant update (timezone) on outrider.leads to outrider_client;

create table outrider.sequences (
  id         uuid primary key default outrider.uuid_v7(),
  tenant_id  uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  name       text not null check (btrim(name) <> ''),
  created_at timestamptz not null default outrider.now(),
  unique (tenant_id, id),
  unique (tenant_id, name)
);
comment on table outrider.sequences is 'Ordered steps of mails; unchanged once made || operator';

create table outrider.sequence_steps (
  id          uuid primary key default outrider.uuid_v7(),
  tenant_id   uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  sequence_id uuid not null,
  step_number integer not null check (step_number > 0),
  delay_days  integer not null check (delay_days between 0 and 365),   -- after the step before, in calendar days
  subject     text,                              -- a Liquid template; null: same thread, same subject
  body        text not null,                     -- a Liquid template, plain text
  unique (tenant_id, id),
  unique (sequence_id, step_number),
  foreign key (tenant_id, sequence_id) references outrider.sequences (tenant_id, id) on delete cascade,
  constraint sequence_steps_first_has_subject check (step_number > 1 or subject is not null)
);
comment on table outrider.sequence_steps is 'One mail of a sequence: when, and its templates || operator';

create table outrider.campaigns (
  id              uuid primary key default outrider.uuid_v7(),
  tenant_id       uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  name            text not null check (btrim(name) <> ''),
  status          outrider.campaign_status not null default 'draft',
  sequence_id     uuid not null,
  min_score       integer not null default 0 check (min_score between 0 and 100),
  daily_new_leads integer check (daily_new_leads > 0),                 -- null: as many as there are
  window_days     smallint[] not null default '{1,2,3,4,5}',           -- ISO weekdays
  window_from     time not null default '09:00',
  window_to       time not null default '17:00',
  skip_holidays   boolean not null default true,
  paused_reason   text,
  activated_at    timestamptz,
  created_at      timestamptz not null default outrider.now(),
  updated_at      timestamptz not null default outrider.now(),
  unique (tenant_id, id),
  unique (tenant_id, name),
  foreign key (tenant_id, sequence_id) references outrider.sequences (tenant_id, id) on delete restrict,
  constraint campaigns_window_is_open check (window_from < window_to and cardinality(window_days) > 0 and window_days <@ '{1,2,3,4,5,6,7}'::smallint[])
);
create index campaigns_active_idx on outrider.campaigns (tenant_id) where status = 'active';
comment on table outrider.campaigns is 'A sequence aimed at the leads of a tenant, with a window, limits and mailboxes || operator';

create table outrider.campaign_mailboxes (
  tenant_id   uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  campaign_id uuid not null,
  mailbox_id  uuid not null,
  primary key (campaign_id, mailbox_id),
  foreign key (tenant_id, campaign_id) references outrider.campaigns (tenant_id, id) on delete cascade,
  foreign key (tenant_id, mailbox_id) references outrider.mailboxes (tenant_id, id) on delete cascade
);
comment on table outrider.campaign_mailboxes is 'Which mailboxes a campaign sends from || operator';

create table outrider.enrollments (
  id          uuid primary key default outrider.uuid_v7(),
  tenant_id   uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  campaign_id uuid not null,
  sequence_id uuid not null,
  lead_id     uuid not null,
  mailbox_id  uuid not null,                     -- one sender for the whole thread
  status      outrider.enrollment_status not null default 'active',
  epoch       integer not null default 1 check (epoch > 0),   -- every hold, pause, stop and release adds one; a send is claimed in its epoch or not at all
  hold_reason text,
  resume_at   timestamptz,
  stop_reason outrider.stop_reason,
  stop_epoch  integer,
  stopped_by  text,
  timezone    text not null,
  zone_source text not null,                     -- lead, country, tenant
  token       text not null unique,              -- in the unsubscribe link; says nothing by itself
  enrolled_at timestamptz not null default outrider.now(),
  ended_at    timestamptz,
  updated_at  timestamptz not null default outrider.now(),
  unique (tenant_id, id),
  unique (campaign_id, lead_id),
  foreign key (tenant_id, campaign_id) references outrider.campaigns (tenant_id, id) on delete restrict,
  foreign key (tenant_id, sequence_id) references outrider.sequences (tenant_id, id) on delete restrict,
  foreign key (tenant_id, lead_id) references outrider.leads (tenant_id, id) on delete cascade,
  foreign key (tenant_id, mailbox_id) references outrider.mailboxes (tenant_id, id) on delete restrict,
  constraint enrollments_hold_has_reason check ((status = 'held') = (hold_reason is not null)),
  constraint enrollments_pause_has_end check ((status = 'paused') = (resume_at is not null)),
  constraint enrollments_stop_is_whole check ((status = 'stopped') = (stop_reason is not null) and (status = 'stopped') = (stop_epoch is not null) and (status = 'stopped') = (stopped_by is not null)),
  constraint enrollments_end_is_dated check ((status in ('completed', 'stopped')) = (ended_at is not null))
);
create unique index enrollments_live_uk on outrider.enrollments (lead_id) where status in ('active', 'held', 'paused');
create index enrollments_lead_idx on outrider.enrollments (tenant_id, lead_id);
create index enrollments_campaign_idx on outrider.enrollments (campaign_id, status);
create index enrollments_mailbox_idx on outrider.enrollments (mailbox_id) where status in ('active', 'held', 'paused');
comment on table outrider.enrollments is 'One lead in one campaign: who sends, the epoch fence, why it waits or stopped || sequencing, replies, unsubscribe page';

create table outrider.messages (
  id             uuid primary key default outrider.uuid_v7(),
  tenant_id      uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  direction      outrider.message_direction not null,
  status         outrider.message_status not null,
  enrollment_id  uuid,
  lead_id        uuid,
  mailbox_id     uuid,
  mail_id        uuid,                           -- inbound: the raw mail
  step_number    integer,
  resend         integer not null default 0 check (resend >= 0),
  epoch          integer,                        -- outbound: the enrollment's at the claim
  effect_key     text,
  day            date,                           -- outbound: the day of the mailbox's cap it counts on
  rfc_message_id text,                           -- with its angle brackets
  in_reply_to    text,
  reference_ids  text[] not null default '{}',
  from_address   text,
  to_address     text,
  to_hash        bytea generated always as (outrider.suppression_hash('email', to_address)) stored,
  to_domain_hash bytea generated always as (outrider.suppression_hash('domain', split_part(outrider.norm_email(to_address), '@', 2))) stored,
  subject        text,
  body_text      text,
  failed_reason  text,
  claimed_at     timestamptz not null default outrider.now(),
  settled_at     timestamptz,
  created_at     timestamptz not null default clock_timestamp(),
  unique (tenant_id, id),
  foreign key (tenant_id, enrollment_id) references outrider.enrollments (tenant_id, id) on delete set null (enrollment_id),
  foreign key (tenant_id, lead_id) references outrider.leads (tenant_id, id) on delete set null (lead_id),      -- evidence outlives the lead
  foreign key (tenant_id, mailbox_id) references outrider.mailboxes (tenant_id, id) on delete set null (mailbox_id),
  constraint messages_outbound_is_whole check (direction = 'inbound' or (
    step_number is not null and epoch is not null and effect_key is not null and day is not null
    and rfc_message_id is not null and to_address is not null and status <> 'received'))
);
create unique index messages_step_uk on outrider.messages (enrollment_id, step_number, resend) where direction = 'outbound';
create unique index messages_effect_uk on outrider.messages (tenant_id, effect_key) where effect_key is not null;
create index messages_rfc_idx on outrider.messages (tenant_id, rfc_message_id) where rfc_message_id is not null;
create index messages_lead_idx on outrider.messages (tenant_id, lead_id, created_at desc);
create index messages_day_idx on outrider.messages (mailbox_id, day) where direction = 'outbound';
create unique index messages_mail_uk on outrider.messages (mail_id) where mail_id is not null;
comment on table outrider.messages is 'Every mail that was claimed to be sent, and every one that came in, with its exact headers || sequencing, replies';

create table outrider.step_executions (
  id            uuid primary key default outrider.uuid_v7(),
  tenant_id     uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  enrollment_id uuid not null,
  step_number   integer not null check (step_number > 0),
  status        outrider.step_status not null default 'scheduled',
  due_at        timestamptz not null,
  epoch         integer not null,                -- of the plan; a job of an older plan does nothing
  because       text not null,                   -- why it is due then: "3 days after step 1; moved from Sat to Mon"
  skip_reason   text,
  message_id    uuid,
  sent_at       timestamptz,
  created_at    timestamptz not null default outrider.now(),
  updated_at    timestamptz not null default outrider.now(),
  unique (tenant_id, id),
  unique (enrollment_id, step_number),
  foreign key (tenant_id, enrollment_id) references outrider.enrollments (tenant_id, id) on delete cascade,
  foreign key (tenant_id, message_id) references outrider.messages (tenant_id, id) on delete set null (message_id),
  constraint step_executions_sent_is_dated check ((status = 'sent') = (sent_at is not null)),
  constraint step_executions_skip_has_reason check ((status in ('skipped', 'failed', 'cancelled')) = (skip_reason is not null))
);
comment on table outrider.step_executions is 'One step for one lead: when it is due and why, and what became of it || sequencing';

call outrider.protect('outrider.sequences', 'read', 'select, insert', 'select');
call outrider.protect('outrider.sequence_steps', 'read', 'select, insert', 'select (id, tenant_id, sequence_id, step_number, delay_days)');
call outrider.protect('outrider.campaigns', 'read', 'select, insert, update', 'select');
call outrider.protect('outrider.campaign_mailboxes', 'read', 'select, insert, delete', 'select');
call outrider.protect('outrider.enrollments', 'read', 'select, insert, update',
  'select (id, tenant_id, campaign_id, sequence_id, lead_id, mailbox_id, status, epoch, hold_reason, resume_at, stop_reason, stop_epoch, stopped_by, timezone, zone_source, enrolled_at, ended_at)');
call outrider.protect('outrider.messages', 'read', 'select, insert, update',
  'select (id, tenant_id, direction, status, enrollment_id, lead_id, mailbox_id, mail_id, step_number, resend, epoch, effect_key, day, to_hash, to_domain_hash, failed_reason, claimed_at, settled_at, created_at)');
call outrider.protect('outrider.step_executions', 'read', 'select, insert, update', 'select');

-- The unsubscribe page knows a token and nothing else: whose it is, and to whom it was written.
create function outrider.unsubscribe_door(p_token text)
returns table (tenant_id uuid, tenant_name text, enrollment_id uuid, lead_id uuid)
language sql stable security definer set search_path = '' as $$
  select e.tenant_id, t.name, e.id, e.lead_id
    from outrider.enrollments e join outrider.tenants t on t.id = e.tenant_id
   where e.token = p_token
$$;
revoke all on function outrider.unsubscribe_door(text) from public;
grant execute on function outrider.unsubscribe_door(text) to outrider_ingress;

create index messages_conversation_idx on outrider.messages (enrollment_id) where direction = 'inbound';
create index messages_to_idx on outrider.messages (mailbox_id, to_hash) where direction = 'outbound';
-- Asked for at the end of every call to the outside world, and almost always empty.
-- squawk-ignore require-concurrent-index-creation
create index jobs_parked_on_idx on outrider.jobs (parked_on) where state = 'parked';
