-- What came in, byte for byte and once; what it was understood to be; and what was done about it.

create type outrider.reply_author as enum ('human', 'out_of_office', 'auto_reply', 'bounce', 'complaint');
create type outrider.reply_intent as enum (
  'meeting_request', 'interested', 'question', 'not_interested', 'unsubscribe', 'out_of_office',
  'auto_reply', 'bounce', 'referral', 'wrong_person', 'other');
create type outrider.reply_decision as enum ('stop', 'pause', 'release', 'review', 'none');
create type outrider.mail_match as enum ('reference', 'returned', 'token', 'address', 'own', 'none');

create table outrider.mails (
  id          uuid primary key default outrider.uuid_v7(),
  tenant_id   uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  mailbox_id  uuid,
  sha256      bytea not null,
  raw         bytea not null,
  source      text not null,                     -- imap:<folder>, webhook:<source>
  matched_by  outrider.mail_match,               -- null: not looked at yet
  received_at timestamptz not null default outrider.now(),
  unique (tenant_id, id),
  unique (tenant_id, sha256),
  foreign key (tenant_id, mailbox_id) references outrider.mailboxes (tenant_id, id) on delete set null (mailbox_id)
);
comment on table outrider.mails is 'Every mail that came in, as it came, once || mailbox reading, mail webhook';

-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
alter table outrider.messages add constraint messages_mail_fk   -- made one file ago, and empty
  foreign key (tenant_id, mail_id) references outrider.mails (tenant_id, id) on delete set null (mail_id);

create table outrider.replies (
  id            uuid primary key default outrider.uuid_v7(),
  tenant_id     uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  mail_id       uuid not null,
  enrollment_id uuid,
  lead_id       uuid,
  author        outrider.reply_author not null,
  intent        outrider.reply_intent not null,
  sub           text,
  verdict       jsonb not null,                  -- the whole line of `outrider replies classify`
  confidence    numeric(4, 3) not null check (confidence between 0 and 1),
  abstain       boolean not null,
  return_date   date,
  classifier    text not null,                   -- name and version of the rules
  decision      outrider.reply_decision,         -- null: not decided yet
  because       text,
  reviewed_by   text,
  classified_at timestamptz not null default outrider.now(),
  decided_at    timestamptz,
  unique (tenant_id, id),
  unique (mail_id),
  foreign key (tenant_id, mail_id) references outrider.mails (tenant_id, id) on delete cascade,
  foreign key (tenant_id, enrollment_id) references outrider.enrollments (tenant_id, id) on delete set null (enrollment_id),
  foreign key (tenant_id, lead_id) references outrider.leads (tenant_id, id) on delete set null (lead_id),
  constraint replies_decision_is_explained check ((decision is null) = (because is null) and (decision is null) = (decided_at is null))
);
create index replies_review_idx on outrider.replies (tenant_id, classified_at) where decision = 'review' and reviewed_by is null;
create index replies_enrollment_idx on outrider.replies (enrollment_id);
create index replies_lead_idx on outrider.replies (tenant_id, lead_id);
comment on table outrider.replies is 'What one mail was understood to be, and what was decided, with reasons || replies, sequencing decides';

call outrider.protect('outrider.mails', 'read', 'select, insert, update',
  'select (id, tenant_id, mailbox_id, sha256, source, matched_by, received_at)');
call outrider.protect('outrider.replies', 'read', 'select, insert, update',
  'select (id, tenant_id, mail_id, enrollment_id, lead_id, author, intent, sub, confidence, abstain, return_date, classifier, decision, because, reviewed_by, classified_at, decided_at)');

-- A source of webhooks is for leads, or for mails.
alter table outrider.webhook_sources add column takes text not null default 'leads' check (takes in ('leads', 'mails'));
alter table outrider.webhook_sources add column mailbox_id uuid;
alter table outrider.webhook_events add column mail_id uuid;
grant select (mail_id) on outrider.webhook_events to outrider_operator;

create function outrider.webhook_door(p_slug text, p_takes text)
returns table (tenant_id uuid, source_id uuid, verify text, sealed bytea)
language sql stable security definer set search_path = '' as $$
  select s.tenant_id, s.id, s.verify, c.sealed
    from outrider.webhook_sources s
    join outrider.tenants t on t.id = s.tenant_id and t.deleted_at is null
    join outrider_secret.credentials c
      on c.owner_type = 'webhook_source' and c.owner_id = s.id and c.kind = 'hmac_secret' and c.tenant_id = s.tenant_id
   where s.slug = p_slug and s.takes = p_takes and s.revoked_at is null
$$;
revoke all on function outrider.webhook_door(text, text) from public;
grant execute on function outrider.webhook_door(text, text) to outrider_ingress;

-- The question of older processes, which know nothing but leads, and the one of this version.
create or replace function outrider.webhook_door(p_slug text)
returns table (tenant_id uuid, source_id uuid, verify text, sealed bytea)
language sql stable security definer set search_path = '' as $$
  select d.tenant_id, d.source_id, d.verify, d.sealed from outrider.webhook_door(p_slug, 'leads') d
$$;
