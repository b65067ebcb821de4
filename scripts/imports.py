"""`outrider import`: people from a file. Shows what it understood before it acts, and loses no row."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO
from uuid import UUID

import typer

from db import Database, import_rows, imports, plans, subscriptions, tenants
from db.import_rows import Left
from db.imports import Import
from ingress.intake import Staged, judged, stage
from ingress.mending import left_file, mend, try_again
from schemas.csv_rows import MEND_QUOTE
from schemas.enums import ImportKind, OnDuplicate, RowStatus
from schemas.errors import Permanent
from schemas.imports import WANTED
from schemas.lead_files import LeadFile, reading
from scripts.import_views import bar, mapping, print_import, print_left, print_mapping
from scripts.options import Json, Tenant
from scripts.output import err, out, print_json, show, show_one
from scripts.session import open_database, whoami
from scripts.taking import take_all

app = typer.Typer(no_args_is_help=True)
Id = Annotated[UUID, typer.Argument(help="The import's id.")]
_File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, or JSON lines.")]
_Columns = Annotated[
    list[str] | None,
    typer.Option("--map", help="COLUMN=field, or COLUMN=- to leave one out; may be repeated."),
]
_Kind = Annotated[
    ImportKind, typer.Option(help="Who they are; customers and suppressions are never written to.")
]
_OnDuplicate = Annotated[
    OnDuplicate,
    typer.Option(
        help="A person we know, or who stands in the file twice: what the later row says wins "
        "(update), fills blanks (fill), or the row is left (skip, fail)."
    ),
]
_SHOWN = 20


@app.command("leads")
def import_leads(
    file: _File,
    tenant: Tenant,
    columns: _Columns = None,
    kind: _Kind = ImportKind.LEADS,
    on_duplicate: _OnDuplicate = OnDuplicate.UPDATE,
    source: Annotated[
        str | None, typer.Option(help="What new leads' source says; else import:<file name>.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    check: Annotated[
        bool, typer.Option("--check", "--dry-run", help="Read and judge, store nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take the people of a file, a slice at a time; the same file again is the same import, and goes on."""
    told = _mapping(columns or [])
    with (
        _opened(file) as handle,
        reading(handle, told, WANTED[kind]) as opened,
        open_database() as (database, _),
    ):
        tenant_id = _tenant(database, tenant)
        if not (as_json and check):
            print_mapping(opened)
        if check:
            _check(opened, kind, as_json=as_json)
            return
        with database.tenant(tenant_id) as tx:
            known = imports.find_locked(tx, kind, opened.sha256)
        if not known:
            _ask(file.name, yes=yes)
        with bar("reading", None) as moved, database.tenant(tenant_id) as tx:
            staged = stage(tx, opened, kind=kind, filename=file.name, operator=whoami(), source=source,
                           on_duplicate=on_duplicate, progress=moved)  # fmt: skip
        if staged.known:
            _not_looked_at(staged.file, source, on_duplicate, told)
        _finish(database, staged, as_json=as_json)


@app.command("resume")
def resume(import_id: Id, as_json: Json = False) -> None:
    """Go on with an import that was cut off."""
    with open_database() as (database, _):
        _finish(database, Staged(_get(database, import_id), known=False), as_json=as_json)


@app.command("retry")
def retry(
    import_id: Id,
    file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="What `rejects --csv` wrote, mended."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take the rows once more that were left, and those alone: mended ones, or all that could be read."""
    with open_database() as (database, _):
        before = _get(database, import_id)
        with database.tenant(before.tenant_id) as tx:
            if file is None:
                again = try_again(tx, before, whoami())
            else:
                with (
                    _opened(file) as handle,
                    reading(handle, before.mapping, WANTED[before.kind]) as mended,
                ):
                    again = mend(tx, before, mended, whoami())
        _finish(database, Staged(again, known=False), as_json=as_json)


@app.command("list")
def list_imports(tenant: Tenant, as_json: Json = False) -> None:
    """List the imports of a tenant, newest first."""
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        show(imports.list_all(tx), as_json=as_json, empty="No imports yet.",
             columns=("id", "kind", "filename", "total", "imported", "updated", "skipped", "failed",
                      "pending", "created_at"))  # fmt: skip


@app.command("show")
def show_import(import_id: Id, as_json: Json = False) -> None:
    """Show what became of a file's rows."""
    with open_database() as (database, _):
        show_one(_get(database, import_id), as_json=as_json)


@app.command("rejects")
def rejects(
    import_id: Id,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="As a file to mend, in the format of the first one.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the rows that were not taken, with line and reason."""
    with open_database() as (database, _):
        done = _get(database, import_id)
        with database.tenant(done.tenant_id) as tx:
            if not as_csv:
                print_left(import_rows.list_left(tx, import_id), as_json=as_json)
                return
            for line in left_file(done, import_rows.each_left(tx, import_id)):
                print(line)


def _finish(database: Database, staged: Staged, *, as_json: bool) -> None:
    """Take what waits, and say what became of it all."""
    file = staged.file
    try:
        with bar("taking", file.total) as moved:
            done = take_all(
                database, file.tenant_id, file.id, lambda left: moved(file.total - left)
            )
    except KeyboardInterrupt:
        err.print(f"Stopped; what was taken stays. Go on with: outrider import resume {file.id}",
                  highlight=False, soft_wrap=True)  # fmt: skip
        raise
    with database.tenant(file.tenant_id) as tx:
        why = import_rows.count_reasons(tx, file.id, failed_for=MEND_QUOTE)
        plan = plans.get(tx, subscriptions.get(tx, file.tenant_id).plan_code)
    print_import(done, why, plan, known=staged.known and not file.pending, as_json=as_json)


def _not_looked_at(
    known: Import, source: str | None, on_duplicate: OnDuplicate, told: dict[str, str]
) -> None:
    """Say which options differ from those with which this file was first read: those still hold."""
    options = {
        f"--source (it is {known.source})": source not in {None, known.source},
        f"--on-duplicate (it is {known.on_duplicate})": on_duplicate is not known.on_duplicate,
        "--map": bool(told) and told != known.mapping,
    }
    if ignored := [name for name, differs in options.items() if differs]:
        err.print(
            f"This very file was read before, and how it was read then holds; not looked at: {', '.join(ignored)}.",
            style="yellow", highlight=False, markup=False, soft_wrap=True)  # fmt: skip


def _check(file: LeadFile, kind: ImportKind, *, as_json: bool) -> None:
    wrong, rows, failed = list[Left](), 0, 0
    for one in judged(file.rows, kind):
        rows += 1
        if one.document is None and len(wrong) < _SHOWN:
            wrong.append(
                Left(one.line, RowStatus.FAILED, one.raw, one.field or "", one.reason or "")
            )
        failed += one.document is None
    if as_json:
        print_json({"rows": rows, "right": rows - failed, "wrong": failed,
                    "columns": mapping(file.columns)})  # fmt: skip
        return
    out.print(f"{rows - failed} rows are right, {failed} are wrong; nothing was stored.",
              highlight=False)  # fmt: skip
    if wrong:
        print_left(wrong, as_json=False)


def _ask(name: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Permanent(
            "--yes: say it, where nobody can be asked; --check shows what would be read."
        )
    typer.confirm(f"Take {name} so?", abort=True, err=True)


def _mapping(told: list[str]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for one in told:
        column, _, name = one.rpartition("=")
        if not column.strip() or not name.strip():
            raise Permanent(f"--map: {one!r} should be COLUMN=field.")
        mapping[column.strip()] = name.strip()
    return mapping


@contextmanager
def _opened(file: Path) -> Generator[BinaryIO]:
    try:
        handle = file.open("rb")
    except OSError as error:
        raise Permanent(f"file: {file} cannot be read: {error.strerror}.") from None
    with handle:
        yield handle


def _get(database: Database, import_id: UUID) -> Import:
    with database.hat("operator") as tx:
        return imports.get(tx, import_id)


def _tenant(database: Database, slug: str) -> UUID:
    with database.hat("operator") as tx:
        return tenants.get_by_slug(tx, slug).id
