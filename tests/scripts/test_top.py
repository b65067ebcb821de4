"""`outrider top` and `outrider trace`: what an operator sees on the first screen."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from db import Database, dead, jobs
from db.jobs import NewJob
from scripts.top import span_of
from tests.factories import Toy, enqueue, pick, session, start
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]


def die(database: Database, tenant: UUID) -> int:
    claimed = start(database, tenant)
    with database.tenant(tenant) as tx:
        dead.bury(tx, claimed.id, claimed.token, error_class="ValueError", message="no such thing",
                  fingerprint="abc")  # fmt: skip
    return claimed.id


def test_an_empty_fleet_says_so_in_one_line(outrider: Outrider) -> None:
    said = outrider("top")
    assert said.code == 0
    assert said.out.startswith("0 processes with 0 threads; 0 ready;")
    assert len(said.out.splitlines()) == 1


def test_one_screen_shows_what_waits_what_stands_still_and_why(
    outrider: Outrider, database: Database, tenant: UUID, peek: Callable[..., list[Any]]
) -> None:
    die(database, tenant)
    peek("DELETE FROM outrider.sessions")
    enqueue(database, tenant, Toy())
    pick(database, window=0)
    peek("UPDATE outrider.lanes SET blocked_until = clock_timestamp() + interval '1 h', blocked_because = 'the server is full'")  # fmt: skip
    enqueue(database, tenant, Toy(), after=timedelta(days=2))
    text = outrider("top").out
    assert "1 dead letters" in text
    assert "nobody serves it" in text
    assert "the server is full" in text
    assert "ValueError: no such thing" in text
    assert "on time" in text
    peek("UPDATE outrider.jobs SET retry_at = clock_timestamp() + interval '1 h', last_error = 'OverPlan: billing is past due' WHERE state = 'delayed'")  # fmt: skip
    assert "OverPlan: billing is past due" in outrider("top").out
    session(database, "toy.plain", threads=3)
    found = outrider("top", "--json").json()
    assert [s["threads"] for s in found["sessions"]] == [3]
    assert {d["state"]: d["jobs"] for d in found["depth"]} == {"ready": 1, "delayed": 1}
    [waits] = found["backoffs"]
    assert (waits["tenant"], waits["jobs"], waits["because"]) == (
        "acme",
        1,
        "OverPlan: billing is past due",
    )
    assert found["dead"][0]["letters"] == 1
    assert found["throughput"][0]["dead"] == 1
    assert outrider("top", "--hour", "--json").json()["throughput"] == found["throughput"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "-"), (0.0123, "12 ms"), (3.44, "3.4 s"), (119, "119.0 s"), (300, "5 min"),
     (27_000, "7.5 h"), (345_600, "4 d")],
)  # fmt: skip
def test_a_span_is_told_in_the_unit_that_people_use(seconds: float | None, words: str) -> None:
    assert span_of(seconds) == words


def test_a_trace_is_a_tree_of_what_is_over_what_died_and_what_waits(
    outrider: Outrider, database: Database, tenant: UUID
) -> None:
    claimed = start(database, tenant)
    with database.tenant(tenant, trace_id="trace-1", job_id=claimed.id) as tx:
        [child] = jobs.add(tx, [NewJob(Toy(number=1))])
        dead.bury(tx, claimed.id, claimed.token, error_class="ValueError", message="no such thing",
                  fingerprint="abc")  # fmt: skip
    head, parent, waiting = outrider("trace", "trace-1").out.splitlines()
    assert head == "trace trace-1"
    assert f"job {claimed.id} toy.plain: dead" in parent
    assert "is open: ValueError: no such thing" in parent
    assert waiting.startswith("  ")
    assert f"job {child} toy.plain: ready" in waiting
    by_job = outrider("trace", str(child), "--json").json()
    assert by_job["trace_id"] == "trace-1"
    assert [step["job_id"] for step in by_job["steps"]] == [claimed.id, child]


def test_a_job_that_nobody_handed_a_trace_begins_one(
    outrider: Outrider, database: Database, tenant: UUID
) -> None:
    with database.tenant(tenant) as tx:
        [job_id] = jobs.add(tx, [NewJob(Toy())])
    trace_id = outrider("trace", str(job_id), "--json").json()["trace_id"]
    assert len(trace_id) == 32
    assert outrider("trace", trace_id).code == 0


def test_an_unknown_trace_is_an_error_and_no_empty_page(outrider: Outrider) -> None:
    for which in ("99", "4bf92f3577b34da6a3ce929d0e0e4736"):
        said = outrider("trace", which)
        assert said.code == 1
        assert which in said.err
