"""`outrider doctor`: is everything true that must always be true? Exit 1 when something is not."""

from pathlib import Path

import typer

from db import clock, invariants
from db.invariants import Violation
from schemas.settings import load
from scripts.environment import home
from scripts.options import Json
from scripts.output import out, show
from scripts.session import open_database


def doctor(as_json: Json = False) -> None:
    """Check every invariant and name each violation: of the configured database, or of every one kept here."""
    found: list[Violation] = []
    for folder in _homes():
        violations = _check(folder)
        found += violations
        if not violations and not as_json:
            name = "the configured database" if folder is None else folder.name
            out.print(f"{name}: all {len(invariants.INVARIANTS)} invariants hold.", highlight=False)
    if found or as_json:
        show(found, as_json=as_json, empty="")
    if found:
        raise typer.Exit(1)


def _homes() -> list[Path | None]:
    """The embedded databases that exist here (the demo leaves its own); None is the configured one."""
    settings = load()
    if settings.database_url is not None:
        return [None]
    folders = (home(settings), home(settings) / "demo")
    kept: list[Path | None] = [p for p in folders if (p / "postgres").exists()]
    return kept or [folders[0]]


def _check(folder: Path | None) -> list[Violation]:
    with open_database(folder) as (database, settings), database.hat("operator") as tx:
        found = invariants.check(tx, lease=settings.lease)
        if settings.env == "production" and clock.is_moved(tx):
            found.append(Violation("clock.moved", "outrider.clock", "is moved in production"))
    return found
