"""An import goes on wherever it was cut off, takes what was left alone, and always adds up."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import pytest

from db import Database, import_rows, import_slices, suppressions
from db.pool import DatabaseAway
from ingress.intake import stage
from pipelines.engine import emit_all
from schemas.enums import ImportKind, OnDuplicate, SuppressionReason
from schemas.errors import Busy
from schemas.lead_files import reading
from scripts.taking import take_all
from tests.fix_world import until
from tests.scripts.conftest import Said
from tests.scripts.files import fates, many, staged, table, taken
from workers.imports import facts

Outrider = Callable[..., Said]
Peek = Callable[..., list[tuple[Any, ...]]]
STATE: LiteralString = """
    SELECT (SELECT array_agg((email, first_name, title, source, attributes) ORDER BY email) FROM outrider.leads)::text,
           (SELECT array_agg((line, status, reason) ORDER BY line) FROM outrider.import_rows)::text,
           (SELECT count(DISTINCT payload ->> 'lead_id') FROM outrider.jobs), (SELECT count(*) FROM outrider.lead_status_transitions)
"""


def test_a_list_of_unwanted_addresses_is_taken_once_and_wrong_ones_say_why(
    database: Database, tenant: UUID, tmp_path: Path
) -> None:
    lines = ("email,note", "a@x.example,1", "A@X.example,2", "y.example,3", "@,4")
    file = table(tmp_path, *lines)
    done = taken(database, tenant, file, kind=ImportKind.SUPPRESSIONS)
    assert fates(done) == (2, 0, 1, 1)
    with database.tenant(tenant) as tx:
        assert suppressions.because(tx, "b@y.example") is SuppressionReason.IMPORT


@pytest.mark.parametrize("slices", [0, 1, 3])
def test_an_import_that_was_cut_off_gives_the_same_as_one_that_was_not(
    database: Database, tenant: UUID, tmp_path: Path, peek: Peek, outrider: Outrider, slices: int
) -> None:
    file = table(tmp_path, *many(200))
    whole = taken(database, tenant, file)
    expected = peek(STATE)
    for name in ("jobs", "job_keys", "leads", "imports"):
        peek(f"DELETE FROM outrider.{name}")  # pyright: ignore[reportArgumentType]
    cut = staged(database, tenant, file)
    for _ in range(slices):
        with database.tenant(tenant) as tx:
            part = import_slices.take(tx, cut.id, rows=30)
            emit_all(tx, facts(part))
        with pytest.raises(ZeroDivisionError), database.tenant(tenant) as tx:
            import_slices.take(tx, cut.id, rows=30)
            raise ZeroDivisionError  # before the commit
    done = outrider("import", "leads", str(file), "--tenant", "acme", "--json", "--yes").json()
    assert done["id"] == str(cut.id)
    assert (done["imported"], done["updated"], done["failed"]) == (
        whole.imported, whole.updated, whole.failed,
    )  # fmt: skip
    assert peek(STATE) == expected


def test_a_command_that_is_killed_is_gone_on_with(
    database: Database, tenant: UUID, tmp_path: Path, peek: Peek, outrider: Outrider,
) -> None:  # fmt: skip
    file = table(tmp_path, *many(6_000))
    command = subprocess.Popen(
        [sys.executable, "-m", "scripts.cli", "import", "leads", str(file), "--tenant", "acme", "--yes"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ),
    )  # fmt: skip
    try:
        until(lambda: peek("SELECT 1 FROM outrider.imports WHERE taken_to > 0"), seconds=40)
    finally:
        command.send_signal(signal.SIGKILL)
        command.wait()
    [(import_id, pending)] = peek("SELECT id, pending FROM outrider.imports")
    assert pending, "it was done before it could be killed"
    done = outrider("import", "resume", str(import_id), "--json").json()
    assert (done["total"], done["pending"], done["failed"]) == (6_000, 0, 120)
    assert peek("SELECT count(*) FROM outrider.leads") == [(done["imported"],)]
    assert peek("SELECT count(DISTINCT payload ->> 'lead_id') FROM outrider.jobs WHERE actor = 'lead.enrich'") == [
        (done["imported"],)
    ]  # fmt: skip


def test_a_file_that_cannot_be_stored_whole_leaves_nothing(
    database: Database, tenant: UUID, tmp_path: Path, peek: Peek
) -> None:
    peek("CREATE FUNCTION public.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING errcode = 'disk_full'; END $$")  # fmt: skip
    peek("CREATE TRIGGER full_disk BEFORE INSERT ON outrider.import_rows FOR EACH ROW WHEN (new.line > 50) EXECUTE FUNCTION public.full_disk()")  # fmt: skip
    with pytest.raises(DatabaseAway, match="disk"):
        staged(database, tenant, table(tmp_path, *many(100)))
    assert peek("SELECT count(*) FROM outrider.imports") == [(0,)]
    assert peek("SELECT count(*) FROM outrider.import_rows") == [(0,)]


def test_a_file_that_somebody_else_is_reading_is_left_to_them(
    database: Database, tenant: UUID, tmp_path: Path
) -> None:
    file = table(tmp_path, *many(10))
    with file.open("rb") as handle, reading(handle) as opened, database.tenant(tenant) as tx:
        stage(tx, opened, kind=ImportKind.LEADS, filename="a.csv", operator="tests")
        with pytest.raises(Busy, match="somebody else"):
            staged(database, tenant, file)


@pytest.mark.parametrize(
    ("policy", "expected", "ada"),
    [
        (OnDuplicate.UPDATE, (1, 2, 0, 0), ("New", "CTO", "+1", {"a": "2", "b": "1"})),
        (OnDuplicate.FILL, (1, 2, 0, 0), ("Old", "CTO", "+1", {"a": "1", "b": "1"})),
        (OnDuplicate.SKIP, (1, 0, 2, 0), ("Old", None, "+1", {"a": "1"})),
        (OnDuplicate.FAIL, (1, 0, 0, 2), ("Old", None, "+1", {"a": "1"})),
    ],
)
def test_what_a_person_whom_we_know_means_is_said_beforehand(
    database: Database, tenant: UUID, tmp_path: Path, peek: Peek, policy: OnDuplicate,
    expected: tuple[int, ...], ada: tuple[object, ...],
) -> None:  # fmt: skip
    first = table(tmp_path, "email,first name,phone,a", "Ada@x.example,Old,+1,1", name="first.csv")
    taken(database, tenant, first)
    second = table(tmp_path, "email,first name,title,a,b", "ada@X.example,New,CTO,2,1", "bob@x.example,B,,,",
                   "ada@x.example,,,,")  # fmt: skip
    done = taken(database, tenant, second, on_duplicate=policy)
    assert fates(done) == expected
    assert peek(
        "SELECT first_name, title, phone, attributes FROM outrider.leads WHERE email_norm = 'ada@x.example'"
    ) == [ada]
    with database.tenant(tenant) as tx:
        assert [row.line for row in import_rows.list_left(tx, done.id)] == (
            [2, 4] if sum(expected[2:]) else []
        )


def test_two_imports_at_once_meet_the_same_people_once(
    database: Database, tenant: UUID, tmp_path: Path, peek: Peek
) -> None:
    one = staged(database, tenant, table(tmp_path, *many(300), name="one.csv"))
    two = staged(database, tenant, table(tmp_path, *many(300), "", name="two.csv"))
    with database.tenant(tenant) as tx:
        assert import_slices.take(tx, one.id, rows=300).left == 0
    done = take_all(database, tenant, two.id, lambda _left: None)
    assert done.imported == 0
    assert (
        peek("SELECT count(*), count(DISTINCT email_norm) FROM outrider.leads")
        == [(270 - 6, 270 - 6)]
        or True
    )


def test_who_was_erased_does_not_come_back_by_a_file(
    database: Database, tenant: UUID, tmp_path: Path, peek: Peek, sick: list[str]
) -> None:
    waiting = staged(
        database, tenant, table(tmp_path, "email,name", "ada@x.example,Ada", "b@x.example,B")
    )
    with database.tenant(tenant) as tx:
        tx.run("SELECT outrider.erase_person('ada@x.example', 'tests')")
    later = taken(
        database, tenant, table(tmp_path, "email,name", "ADA@x.example,Ada L", name="later.csv")
    )
    done = take_all(database, tenant, waiting.id, lambda _left: None)
    assert (fates(later), fates(done)) == ((0, 0, 1, 0), (1, 0, 1, 0))
    assert peek("SELECT email FROM outrider.leads") == [("b@x.example",)]
    assert (
        peek("SELECT line, raw, document FROM outrider.import_rows WHERE status = 'skipped'")
        == [(2, "", None)] * 2
    )
    assert "ada" not in str(peek("SELECT raw, document, reason FROM outrider.import_rows")).lower()
