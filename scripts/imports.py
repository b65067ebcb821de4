"""`outrider import`: leads from a file. Keeps every wrong row with its line and the reason."""

import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from db import Database, imports, tenants
from db.imports import Import, Reject
from schemas.errors import Permanent
from scripts.intake import Intake, check, rejects_file, store
from scripts.options import Json, Tenant
from scripts.output import err, out, print_json, show, show_one
from scripts.session import open_database, whoami

app = typer.Typer(no_args_is_help=True)
Id = Annotated[UUID, typer.Argument(help="The import's id.")]

_SHOWN = 20


@app.command("leads")
def import_leads(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file.")],
    tenant: Tenant,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help="COLUMN=field, or COLUMN=- to leave one out; may be repeated."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the file, store nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take the leads of a file: all right rows in one transaction; the same file twice is one import."""
    intake = check(_bytes(file), _mapping(columns or []))
    for notice in intake.file.notices:
        err.print(notice, style="yellow", markup=False, highlight=False)
    with open_database() as (database, _):
        tenant_id = _tenant(database, tenant)
        if dry_run:
            _print_check(intake, as_json=as_json)
            return
        with database.tenant(tenant_id) as tx:
            taken = store(tx, intake, filename=file.name, operator=whoami())
    if as_json:
        print_json({**_record(taken.done), "already_imported": taken.known})
        return
    if taken.known:
        out.print(f"{file.name} was imported before; nothing was changed.", markup=False)
    _print_import(taken.done)


@app.command("list")
def list_imports(tenant: Tenant, as_json: Json = False) -> None:
    """List the imports of a tenant, newest first."""
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        show(imports.list_all(tx), as_json=as_json, empty="No imports yet.",
             columns=("id", "filename", "rows", "created", "updated", "rejected", "created_at"))  # fmt: skip


@app.command("show")
def show_import(import_id: Id, as_json: Json = False) -> None:
    """Show what became of a file's rows."""
    with open_database() as (database, _), database.hat("operator") as tx:
        show_one(imports.get(tx, import_id), as_json=as_json)


@app.command("rejects")
def rejects(
    import_id: Id,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="As a file to mend and import again.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the rows that were not taken, with line and reason."""
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            done = imports.get(tx, import_id)
        with database.tenant(done.tenant_id) as tx:
            found = imports.list_rejects(tx, import_id)
    if as_csv:
        sys.stdout.write(rejects_file(done.header, found))
        return
    _print_rejects(found, as_json=as_json)


def _mapping(told: list[str]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for one in told:
        column, _, name = one.rpartition("=")
        if not column.strip() or not name.strip():
            raise Permanent(f"--map: {one!r} should be COLUMN=field.")
        mapping[column.strip()] = name.strip()
    return mapping


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Permanent(f"file: {file} cannot be read: {error.strerror}.") from None


def _tenant(database: Database, slug: str) -> UUID:
    with database.hat("operator") as tx:
        return tenants.get_by_slug(tx, slug).id


def _record(done: Import) -> dict[str, object]:
    return {
        "id": done.id,
        "filename": done.filename,
        "rows": done.rows,
        "created": done.created,
        "updated": done.updated,
        "rejected": done.rejected,
    }


def _print_import(done: Import) -> None:
    out.print(
        f"{done.rows} rows: {done.created} new, {done.updated} known, {done.rejected} wrong.",
        highlight=False,
    )
    if done.rejected:
        out.print(
            f"The wrong ones, to mend: `outrider import rejects {done.id} --csv`.", highlight=False
        )


def _print_check(intake: Intake, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "rows": len(intake.file.rows),
                "right": len(intake.people),
                "rejected": len(intake.rejects),
                "columns": dict(zip(intake.file.columns, intake.file.fields, strict=True)),
            }
        )
        return
    for column, field in zip(intake.file.columns, intake.file.fields, strict=True):
        out.print(f"{column} -> {field or 'left out'}", highlight=False, markup=False)
    out.print(f"{len(intake.people)} rows are right, {len(intake.rejects)} are wrong; nothing was stored.",
              highlight=False)  # fmt: skip
    _print_rejects(intake.rejects[:_SHOWN], as_json=False)


def _print_rejects(rejects: list[Reject], *, as_json: bool) -> None:
    columns = ("line", "reason") if not as_json else ()
    show(rejects, as_json=as_json, columns=columns, empty="No wrong rows.")
