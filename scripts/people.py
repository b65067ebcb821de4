"""`outrider person`: forget somebody, or tell them everything that is known of them."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from db import Database, audit, people, tenants
from db.people import Piece
from schemas.addresses import normalize
from schemas.errors import NoSuchRow, Permanent
from scripts.options import Json, Reason, Tenant
from scripts.output import err, out, print_json, show
from scripts.session import open_database, whoami
from workers.erasing import Erasure, erase, foresee

app = typer.Typer(no_args_is_help=True)
Email = Annotated[str, typer.Argument(help="The person's e-mail address.")]
_STAYS = "Not erased, for nothing here can: backups, the mailboxes at your provider, log files of other systems."


@app.command("erase")
def erase_person(
    email: Email,
    reason: Reason,
    tenant: Annotated[str | None, typer.Option("--tenant", help="The tenant's slug.")] = None,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="In every tenant, and in the house's own rows.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be erased; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Forget a person (GDPR art. 17): the hash of a suppression stays, and nothing else. Final."""
    address = _address(email)
    if (tenant is None) is not everywhere:
        raise Permanent("--tenant: name one tenant, or say --everywhere; not both.")
    with open_database() as (database, _):
        meant: list[UUID | None] = [_one(database, tenant)] if tenant else _everywhere(database)
        if not dry_run and not yes:
            _ask(address, tenant)
        done, refusals = _each(database, meant, address, None if dry_run else reason)
        slugs = _slugs(database)
    known = [one for one in done if one.anything]
    if as_json:
        print_json({"dry_run": dry_run, "stays": _STAYS,
                    "tenants": [{"tenant": _name(one, slugs), **asdict(one)} for one in known]})  # fmt: skip
    else:
        _print(known, slugs, dry_run=dry_run)
    if refusals:
        raise refusals[0]


@app.command("export")
def export(
    email: Email,
    tenant: Tenant,
    file: Annotated[Path, typer.Option("--out", dir_okay=False, help="The JSON file to make.")],
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:  # fmt: skip
    """Everything that is known of a person (GDPR art. 15 and 20), as a readable JSON file."""
    address = _address(email)
    with open_database() as (database, _), database.tenant(_one(database, tenant)) as tx:
        pieces = people.list_pieces(tx, address)
        if not pieces:
            raise NoSuchRow("person called", address)
        audit.record(tx, operator=whoami(), action="export", resource_type="person",
                     resource_id=people.hash_of(tx, address), reason=None, details={"pieces": len(pieces)})  # fmt: skip
        _write(file, document(address, pieces), force=force)
    out.print(f"{len(pieces)} pieces are in {file}.", highlight=False, markup=False)


def document(address: str, pieces: list[Piece]) -> dict[str, object]:
    """The export: one section per kind of thing, in words, with its rows; others' words are counted."""
    sections: dict[str, list[dict[str, object]]] = {}
    for piece in pieces:
        note = {"withheld": "What others wrote is theirs."} if piece.withheld else {}
        name = f"{piece.table_name}: {piece.words or piece.table_name}"
        sections.setdefault(name, []).append({**piece.content, **note})
    return {"about": address, "sections": sections}


def _write(file: Path, content: dict[str, object], *, force: bool) -> None:
    try:
        with file.open("w" if force else "x", encoding="utf-8") as target:
            json.dump(content, target, indent=2, ensure_ascii=False, default=str)
            target.write("\n")
        file.chmod(0o600)
    except FileExistsError:
        raise Permanent(f"--out: {file} is there; choose another name, or say --force.") from None
    except OSError as error:
        raise Permanent(f"--out: {file} cannot be written: {error.strerror}.") from None


def _address(email: str) -> str:
    try:
        normalize(email)
    except ValueError as error:
        raise Permanent(f"email: {email!r} {error}.") from None
    return email.strip()


def _one(database: Database, slug: str) -> UUID:
    with database.hat("operator") as tx:
        return tenants.get_by_slug(tx, slug).id


def _everywhere(database: Database) -> list[UUID | None]:
    """Every tenant, deleted ones too, and the house."""
    with database.hat("operator") as tx:
        return [*tenants.list_ids(tx), None]


def _slugs(database: Database) -> dict[UUID, str]:
    with database.hat("operator") as tx:
        return {one.id: one.slug for one in tenants.list_all(tx)}


def _name(one: Erasure, slugs: Mapping[UUID, str]) -> str | None:
    """A tenant's slug, or its id where it was deleted; None: the house."""
    return slugs.get(one.tenant_id, str(one.tenant_id)) if one.tenant_id else None


def _ask(address: str, tenant: str | None) -> None:
    where = f"tenant {tenant}" if tenant else "every tenant"
    if not sys.stdin.isatty():
        raise Permanent("--yes: nobody is here to be asked; nothing was erased.")
    if not typer.confirm(f"Forget {address} in {where}, for good?"):
        raise typer.Exit(1)


def _each(
    database: Database, meant: list[UUID | None], address: str, reason: str | None
) -> tuple[list[Erasure], list[Permanent]]:
    """Erase in one tenant after the other, or foresee it without a `reason`. A tenant that refuses
    does not save the person in the others.
    """
    done: list[Erasure] = []
    refusals: list[Permanent] = []
    for one in meant:
        try:
            done.append(
                foresee(database, one, address) if reason is None
                else erase(database, one, address, operator=whoami(), reason=reason)
            )  # fmt: skip
        except Permanent as refusal:
            refusals.append(refusal)
    return done, refusals


def _print(done: list[Erasure], slugs: Mapping[UUID, str], *, dry_run: bool) -> None:
    if not done:
        out.print("Nobody of this address is known; it is suppressed all the same."
                  if not dry_run else "Nobody of this address is known.")  # fmt: skip
    for one in done:
        out.print(
            f"{_name(one, slugs) or 'The house'}: {one.leads} leads, {one.stopped} sequences stopped, "
            f"{one.cancelled} waiting jobs cancelled, {one.fenced} running ones cut off.",
            highlight=False,
        )
        show(one.tables, as_json=False, empty="Nothing was left to erase.")
        for contact in one.contacts:
            err.print(f"Erase it there yourself: contact {contact.remote_id} in {contact.provider}, {contact.base_url}.",
                      style="yellow", markup=False, highlight=False)  # fmt: skip
        if one.doubts:
            err.print(f"{one.doubts} mails to them are in doubt: `outrider jobs doubts`.",
                      style="yellow", markup=False, highlight=False)  # fmt: skip
    out.print("Nothing was changed." if dry_run else _STAYS, highlight=False)
