-- Files of leads: what was taken, and every row that was not, with its line and the reason.

create table outrider.imports (
  id         uuid primary key default outrider.uuid_v7(),
  tenant_id  uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  filename   text not null,
  header     text not null default '',               -- the line that names the columns, as it stands in the file
  sha256     bytea not null,
  rows       integer not null check (rows >= 0),
  created    integer not null check (created >= 0),
  updated    integer not null check (updated >= 0),
  rejected   integer not null check (rejected >= 0),
  operator   text not null,
  created_at timestamptz not null default outrider.now(),
  unique (tenant_id, id),
  unique (tenant_id, sha256),                    -- the same file twice is one import
  constraint imports_add_up check (rows = created + updated + rejected)
);
comment on table outrider.imports is 'One file of leads and what became of its rows || import';

create table outrider.import_rejects (
  tenant_id uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  import_id uuid not null,
  line      integer not null check (line > 0),
  raw       text not null,
  field     text not null,
  reason    text not null,
  primary key (import_id, line),
  foreign key (tenant_id, import_id) references outrider.imports (tenant_id, id) on delete cascade
);
comment on table outrider.import_rejects is 'A row that could not be taken, as it was, and why || import';

call outrider.protect('outrider.imports', 'read', 'select, insert', 'select');
call outrider.protect('outrider.import_rejects', 'read', 'select, insert', 'select (tenant_id, import_id, line, field)');
