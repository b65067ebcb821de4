-- Sending identities: where a mailbox sends and is read, how much it may send a day, how far it was read.

create type outrider.mailbox_status as enum ('active', 'paused');
create type outrider.mail_security as enum ('tls', 'starttls', 'none');

create table outrider.mailboxes (
  id            uuid primary key default outrider.uuid_v7(),
  tenant_id     uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  email         text not null,
  email_norm    text not null generated always as (outrider.norm_email(email)) stored,
  display_name  text,
  smtp_host     text not null,
  smtp_port     integer not null check (smtp_port between 1 and 65535),
  smtp_security outrider.mail_security not null default 'tls',
  imap_host     text,                            -- null: replies come in by webhook
  imap_port     integer check (imap_port between 1 and 65535),
  imap_security outrider.mail_security not null default 'tls',
  username      text,                            -- null: the servers ask for no password
  inbox_folder  text not null default 'INBOX',
  sent_folder   text,                            -- where the provider keeps a copy of what it sent; null: nowhere
  daily_cap     integer not null default 30 check (daily_cap >= 0),
  timezone      text not null default 'UTC',     -- whose midnight ends the day of the cap
  status        outrider.mailbox_status not null default 'active',
  paused_reason text,
  paused_at     timestamptz,
  created_at    timestamptz not null default outrider.now(),
  updated_at    timestamptz not null default outrider.now(),
  deleted_at    timestamptz,
  unique (tenant_id, id),
  constraint mailboxes_imap_is_whole check ((imap_host is null) = (imap_port is null)),
  constraint mailboxes_pause_has_reason check ((status = 'paused') = (paused_reason is not null) and (status = 'paused') = (paused_at is not null))
);
create unique index mailboxes_email_uk on outrider.mailboxes (email_norm) where deleted_at is null;
comment on table outrider.mailboxes is 'A sending identity with its servers, cap and state || operator; sequencing pauses';

create table outrider.mailbox_days (
  tenant_id  uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  mailbox_id uuid not null,
  day        date not null,                      -- in the mailbox's own zone
  sent       integer not null check (sent >= 0), -- claimed sends; one that was certainly refused is taken back
  cap        integer not null,                   -- the cap that the latest claim was held against
  primary key (mailbox_id, day),
  foreign key (tenant_id, mailbox_id) references outrider.mailboxes (tenant_id, id) on delete cascade
);
comment on table outrider.mailbox_days is 'How much a mailbox sent on a day: the cap, counted inside the claim || sequencing';

-- "No reply" and "not read yet" are different answers: read_at says which one it is.
create table outrider.mailbox_cursors (
  tenant_id    uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  mailbox_id   uuid not null,
  folder       text not null,
  uid_validity bigint not null,
  last_uid     bigint not null check (last_uid >= 0),
  read_at      timestamptz,                      -- null: never yet to its end
  primary key (mailbox_id, folder),
  foreign key (tenant_id, mailbox_id) references outrider.mailboxes (tenant_id, id) on delete cascade
);
comment on table outrider.mailbox_cursors is 'Up to where a folder was read, and when it was last looked at || mailbox reading';

create table outrider.mailbox_watches (
  tenant_id  uuid not null references outrider.tenants (id) on delete cascade,
  mailbox_id uuid primary key,
  session_id bigint not null,
  until      timestamptz not null,
  foreign key (tenant_id, mailbox_id) references outrider.mailboxes (tenant_id, id) on delete cascade
);
comment on table outrider.mailbox_watches is 'Which process listens to a mailbox; a hint that saves connections, never a lock || mailroom';

-- People read them: whoever names a server is sent the password, so only an operator does.
call outrider.protect('outrider.mailboxes', 'read', 'select, insert, update',
  'select (id, tenant_id, daily_cap, timezone, status, paused_reason, paused_at, created_at, deleted_at)');
call outrider.protect('outrider.mailbox_days', 'read', 'select, insert, update', 'select');
call outrider.protect('outrider.mailbox_cursors', 'read', 'select, insert, update', 'select');
call outrider.protect('outrider.mailbox_watches', 'none', 'select', 'select');

-- Take, keep or inherit the watch over up to p_limit mailboxes of all tenants; returns those that are mine.
create function outrider.watch_mailboxes(p_session bigint, p_lease interval, p_limit integer)
returns table (tenant_id uuid, mailbox_id uuid)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
begin
  return query
    with free as (
      select m.tenant_id, m.id from outrider.mailboxes m
        join outrider.tenants t on t.id = m.tenant_id and t.deleted_at is null
        left join outrider.mailbox_watches w on w.mailbox_id = m.id
       where m.deleted_at is null and m.imap_host is not null
         and (w.mailbox_id is null or w.session_id = p_session or w.until < clock_timestamp()
              or not exists (select 1 from outrider.sessions s where s.id = w.session_id))
       order by (w.session_id is not distinct from p_session) desc, m.id limit p_limit
    )
    insert into outrider.mailbox_watches as w (tenant_id, mailbox_id, session_id, until)
    select f.tenant_id, f.id, p_session, clock_timestamp() + p_lease from free f
        on conflict (mailbox_id) do update set session_id = excluded.session_id, until = excluded.until
     where w.session_id = p_session or w.until < clock_timestamp()
        or not exists (select 1 from outrider.sessions s where s.id = w.session_id)
    returning w.tenant_id, w.mailbox_id;
end $$;
revoke all on function outrider.watch_mailboxes(bigint, interval, integer) from public;
grant execute on function outrider.watch_mailboxes(bigint, interval, integer) to outrider_dispatcher;

-- Mailboxes and CRM connections have secrets too. The lists only grow, so what older processes write stays valid.
-- squawk-ignore ban-drop-constraint
alter table outrider_secret.credentials drop constraint credentials_owner_type_check;
alter table outrider_secret.credentials add constraint credentials_owner_type_check
  check (owner_type in ('webhook_source', 'mailbox', 'crm_connection')) not valid;
-- squawk-ignore ban-drop-constraint
alter table outrider_secret.credentials drop constraint credentials_kind_check;
alter table outrider_secret.credentials add constraint credentials_kind_check
  check (kind in ('hmac_secret', 'password', 'access_token')) not valid;
-- A new password for the same owner: found by whom it belongs to, and written over unread.
grant select (tenant_id, owner_type, owner_id, kind), update (sealed) on outrider_secret.credentials to outrider_operator;
drop policy operator on outrider_secret.credentials;
create policy operator on outrider_secret.credentials to outrider_operator using (true) with check (true);
