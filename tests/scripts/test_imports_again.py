"""Who comes again, further down in a file or mended, is looked at and scored again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from db import Database, import_slices
from pipelines.engine import emit_all
from tests.fix_world import Fleet, until
from tests.scripts.conftest import Said
from tests.scripts.files import staged, table
from workers import process
from workers.actor import registered
from workers.imports import facts

Outrider = Callable[..., Said]
Peek = Callable[..., list[tuple[Any, ...]]]


def test_a_person_is_scored_by_what_a_later_slice_and_then_a_mended_row_says(
    database: Database, tenant: UUID, tmp_path: Path, outrider: Outrider, peek: Peek,
    fleet: Callable[..., Fleet],
) -> None:  # fmt: skip
    def scored(rank: str, times: int) -> None:
        until(lambda: peek(
            "SELECT count(*), bool_or(s.factors::text LIKE %s AND s.score = l.score)"
            "  FROM outrider.leads l JOIN outrider.scores s ON s.lead_id = l.id",
            f"%{rank}%") == [(times, True)], seconds=30)  # fmt: skip

    fleet([registered()[name] for name in process.actor_names()])
    file = staged(database, tenant, table(
        tmp_path, "email,title", "ada@acme.test,Account Manager", "ada@acme.test,Head of Sales", "ada at acme.test,CEO"))  # fmt: skip
    for times, rank in enumerate(("manager", "head"), 1):
        with database.tenant(tenant) as tx:
            part = import_slices.take(tx, file.id, rows=1)
            emit_all(tx, facts(part))
        scored(rank, times)
    left = outrider("import", "rejects", str(file.id), "--csv").out
    mended = table(
        tmp_path, left.rstrip().replace("ada at acme.test,", "ada@acme.test,"), name="m.csv"
    )
    outrider("import", "retry", str(file.id), "--file", str(mended))
    scored("c_level", 3)
    until(lambda: peek("SELECT count(*) FROM outrider.jobs") == [(0,)])


def test_what_would_help_is_said_of_every_kind_of_row_that_was_left(
    database: Database, tenant: UUID, tmp_path: Path, outrider: Outrider, peek: Peek
) -> None:  # fmt: skip
    peek("INSERT INTO outrider.plans (code, name, limits) VALUES ('tiny', 'Tiny', '{\"contacts\": 1}')")  # fmt: skip
    outrider("tenants", "plan", "acme", "tiny", "--reason", "a test")
    with database.tenant(tenant) as tx:
        tx.run("SELECT outrider.erase_person('gone@x.example', 'tests')")
    file = table(tmp_path, "email,name", "a@x.example,A", "gone@x.example,G", "b@x.example,B", "c@x.example,C",
                 'd@x.example,"D', "e@x.example,E")  # fmt: skip
    said = outrider("import", "leads", str(file), "--tenant", "acme", "--yes")
    [(one,)] = peek("SELECT id::text FROM outrider.imports")
    assert said.out.splitlines() == [
        "5 rows: 1 imported, 0 updated, 3 skipped, 1 failed.",
        (
            "2 skipped: the plan Tiny has room for 1 contacts: `outrider tenants plan TENANT PLAN`, "
            f"then `outrider import retry {one}`."
        ),
        "1 skipped: was erased on request; release the suppression first.",
        "1 failed: close the quotation mark in the file and import the file again; who is known is updated.",
    ]
    again = outrider("import", "leads", str(file), "--tenant", "acme", "--yes", "--source", "fair",
                     "--on-duplicate", "skip")  # fmt: skip
    assert (
        "not looked at: --source (it is import:people.csv), --on-duplicate (it is update)."
        in again.err
    )
    assert (
        "not looked at"
        not in outrider("import", "leads", str(file), "--tenant", "acme", "--yes").err
    )
