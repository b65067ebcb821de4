"""Files of people for tests, staged and taken as the command does."""

from pathlib import Path
from typing import Any
from uuid import UUID

from db import Database, imports
from ingress.intake import stage
from schemas.enums import ImportKind
from schemas.imports import WANTED
from schemas.lead_files import reading
from scripts.taking import take_all


def table(tmp_path: Path, *lines: str, name: str = "people.csv") -> Path:
    file = tmp_path / name
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def many(rows: int) -> list[str]:
    """One row in fifty is wrong, and one person in ten comes twice."""
    lines = ["email,first name,title"]
    for number in range(rows):
        wrong = number % 50 == 7
        who = f"p{number % (rows * 9 // 10)}@c{number % 97}.example"
        lines.append(f"{'nobody' if wrong else who},N{number},T{number}")
    return lines


def staged(database: Database, tenant: UUID, file: Path, **options: Any) -> imports.Import:
    kind = options.pop("kind", ImportKind.LEADS)
    with (
        file.open("rb") as handle,
        reading(handle, {}, WANTED[kind]) as opened,
        database.tenant(tenant) as tx,
    ):
        return stage(tx, opened, kind=kind, filename=file.name, operator="tests", **options).file


def taken(database: Database, tenant: UUID, file: Path, **options: Any) -> imports.Import:
    one = staged(database, tenant, file, **options)
    return take_all(database, tenant, one.id, lambda _left: None)


def fates(done: imports.Import) -> tuple[int, ...]:
    assert not done.pending
    assert done.total == done.imported + done.updated + done.skipped + done.failed
    return done.imported, done.updated, done.skipped, done.failed
