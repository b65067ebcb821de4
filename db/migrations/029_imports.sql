-- Files are taken as a stream: every row is kept with its fate, from the moment it was read to the
-- moment somebody forgets it, and a slice at a time becomes leads, or suppressions.

create type outrider.import_kind as enum ('leads', 'customers', 'suppressions');
create type outrider.on_duplicate as enum ('update', 'fill', 'skip', 'fail');
create type outrider.row_status as enum ('pending', 'imported', 'updated', 'skipped', 'failed');

-- A command of the version before writes finished imports, and may go on doing so: the defaults are its own.
alter table outrider.imports
  add column kind         outrider.import_kind not null default 'leads',
  add column format       text not null default 'csv',
  add column mapping      jsonb not null default '{}',      -- what a person said of columns, beyond what we guess
  add column on_duplicate outrider.on_duplicate not null default 'update',
  add column source       text,                             -- what a new lead's source says; null: import:<filename>
  add column skipped      integer not null default 0,
  add column pending      integer not null default 0,
  add column taken_to     integer not null default 0,       -- the last line that was taken
  add column rows_kept    boolean not null default false,   -- whether import_rows still has every row
  add column by_job       boolean not null default false,   -- whether a job takes it; else a command does
  add column finished_at  timestamptz,
  add column source_system text,
  add column source_id     text,
  add column source_status text;
comment on column outrider.imports.created is 'Rows that made a new lead, or a new suppression';
comment on column outrider.imports.rejected is 'Rows that failed: each is in import_rows, as it was, with why';

-- squawk-ignore ban-drop-constraint
alter table outrider.imports drop constraint imports_add_up;
alter table outrider.imports
  add constraint imports_add_up check (
    rows = created + updated + skipped + rejected + pending
    and skipped >= 0 and pending >= 0 and taken_to >= 0) not valid,
  add constraint imports_format_known check (format in ('csv', 'jsonl')) not valid;

-- The same file twice is one import, of each kind.
-- squawk-ignore require-concurrent-index-creation
create unique index imports_file_uk on outrider.imports (tenant_id, kind, sha256);  -- a table of hundreds of rows
-- squawk-ignore ban-drop-constraint
alter table outrider.imports drop constraint imports_tenant_id_sha256_key;
grant update on outrider.imports to outrider_worker;

create table outrider.import_rows (
  tenant_id uuid not null default outrider.current_tenant_id(),
  import_id uuid not null,
  line      integer not null check (line > 0),
  status    outrider.row_status not null default 'pending',
  raw       text,                                -- as it stands in the file; forgotten once it is taken
  document  text,                                -- what it says, as JSON; none: it could not be read; empty: an erased person's
  field     text,
  reason    text,
  lead_id   uuid,                                -- no foreign key: evidence outlives the lead
  primary key (import_id, line),
  foreign key (tenant_id, import_id) references outrider.imports (tenant_id, id) on delete cascade,
  constraint import_rows_say_why check (status not in ('skipped', 'failed') or (reason is not null and raw is not null)),
  constraint import_rows_can_be_taken check (status <> 'pending' or (document is not null and raw is not null))
) with (fillfactor = 70);                        -- a row is changed once, in place: no index may ask for its status
comment on table outrider.import_rows is 'Every row of a file with its fate: what became of it, or what is wrong || import';

call outrider.protect('outrider.import_rows', 'read', 'select, insert, update',
  'select (tenant_id, import_id, line, status, field, lead_id)');

insert into outrider.import_rows (tenant_id, import_id, line, status, raw, field, reason)
select tenant_id, import_id, line, 'failed', raw, field, reason from outrider.import_rejects;
-- squawk-ignore ban-drop-table
drop table outrider.import_rejects;              -- written by one command, which says so when it finds it gone

-- Which of these hashes are of people who were erased on request, by the tenant or the house: a file does not bring them back.
create function outrider.erased_among(p_hashes bytea[]) returns setof bytea
language sql stable security definer set search_path = '' as $$
  select s.value_hash from outrider.suppressions s
   where s.value_hash = any (p_hashes) and s.released_at is null and s.reason = 'erasure'
     and (s.tenant_id is null or s.tenant_id = outrider.current_tenant_id())
$$;
revoke all on function outrider.erased_among(bytea[]) from public;
grant execute on function outrider.erased_among(bytea[]) to outrider_worker;

-- A key may open a door for files.
-- squawk-ignore ban-drop-constraint
alter table outrider.webhook_sources drop constraint webhook_sources_takes_check;
alter table outrider.webhook_sources
  add constraint webhook_sources_takes_check check (takes in ('leads', 'mails', 'imports')) not valid;

-- What each new lead and each look-up pays for, several times over: now inlined, as policies' functions are.
create or replace function outrider.norm_email(p text) returns text
language sql immutable parallel safe
as $$ select nullif(lower(btrim(p)), '') $$;

create or replace function outrider.norm_domain(p text) returns text
language sql immutable parallel safe
as $$ select nullif(regexp_replace(lower(btrim(p)), '^(https?://)?(www\.)?([^/:?#]+).*$', '\3'), '') $$;

create or replace function outrider.norm_linkedin(p text) returns text
language sql immutable parallel safe
as $$
  select nullif(regexp_replace(regexp_replace(regexp_replace(
           lower(btrim(p)), '^(https?://)?([a-z]+\.)?linkedin\.com', ''), '[?#].*$', ''), '/+$', ''), '')
$$;

-- Whether anybody was erased at all, which is asked before anybody's hash is.
-- squawk-ignore require-concurrent-index-creation
create index suppressions_erased_idx on outrider.suppressions (tenant_id)    -- of as many rows as there were erasures
  where reason = 'erasure' and released_at is null;
create function outrider.erased_here() returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from outrider.suppressions s
                  where s.reason = 'erasure' and s.released_at is null and s.tenant_id = outrider.current_tenant_id())
      or exists (select from outrider.suppressions s where s.reason = 'erasure' and s.released_at is null and s.tenant_id is null)
$$;
revoke all on function outrider.erased_here() from public;
grant execute on function outrider.erased_here() to outrider_worker;
