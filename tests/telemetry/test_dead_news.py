"""However many jobs die of one thing, in however many processes: one report, until somebody dealt with it."""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from db import Database, Tx, dead, dead_news
from db.claims import Claim
from schemas.errors import Permanent
from tests.factories import OneShot, Toy, start
from tests.fix_world import Bench, Fleet, spec, until
from tests.telemetry.conftest import Collecting
from workers.context import Context

Peek = Callable[..., list[tuple[Any, ...]]]


class OtherTrouble(Permanent):
    """A kind of its own."""


def die(job: Toy, _ctx: Context) -> None:
    raise OtherTrouble("no") if job.number < 0 else Permanent(f"job {job.number}")


def kill_off(bench: Bench, *numbers: int) -> None:
    """Deaths at once, as in several processes: nothing but the database knows of the others."""
    actor = spec(Toy, die)
    ids = [bench.queue(Toy(number=n)) for n in numbers]
    bench.attempt(actor, ids[0])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda job_id: bench.runner.run(actor, [job_id], bench.tenant), ids[1:]))


def close_all(peek: Peek) -> None:
    """Somebody has dealt with every letter."""
    peek(
        "UPDATE outrider.dead_letters SET status = 'discarded', closed_at = clock_timestamp(), "
        "closed_by = 'tests' WHERE status = 'open'"
    )


def test_fifty_equal_deaths_are_one_report_and_another_kind_is_another(
    bench: Bench, peek: Peek, sent: Collecting
) -> None:
    kill_off(bench, *range(50))
    assert peek("SELECT count(*), count(DISTINCT fingerprint) FROM outrider.dead_letters") == [(50, 1)]  # fmt: skip
    assert len(sent.events) == 1
    kill_off(bench, -1)
    assert len(sent.events) == 2
    assert sent.events[0]["fingerprint"] != sent.events[1]["fingerprint"]
    assert all(event["tags"]["trace_id"] == "trace-1" for event in sent.events)  # pyright: ignore[reportIndexIssue, reportCallIssue, reportArgumentType]


def test_a_death_after_all_letters_of_its_kind_were_closed_is_news_again(
    bench: Bench, peek: Peek, sent: Collecting
) -> None:
    kill_off(bench, 1, 2)
    close_all(peek)
    kill_off(bench, *range(20))
    kill_off(bench, 3)
    assert len(sent.events) == 2


def test_jobs_that_a_sweep_gave_up_are_reported_like_any_other_death(
    database: Database, tenant: UUID, fleet: Callable[..., Fleet], peek: Peek, sent: Collecting
) -> None:
    parts = fleet([spec(OneShot, die)], works=False)
    for lost in (2, 1):
        for _ in range(lost):
            start(database, tenant, OneShot())
        peek("DELETE FROM outrider.sessions")
        parts.dispatcher._swept_at = 0.0
        parts.dispatcher.step()
        [event] = sent.events
        assert event["fingerprint"] == ["toy.one_shot", "WorkerLost"]
    assert peek("SELECT count(*) FROM outrider.dead_letters WHERE status = 'open'") == [(3,)]
    close_all(peek)
    start(database, tenant, OneShot())
    peek("UPDATE outrider.sessions SET beat_at = beat_at - %s", timedelta(minutes=1))
    parts.dispatcher._swept_at = 0.0
    parts.dispatcher.step()
    assert len(sent.events) == 2


@pytest.mark.parametrize("first_commits", [True, False])
def test_of_two_deaths_at_the_same_moment_one_is_news(
    database: Database, tenant: UUID, peek: Peek, *, first_commits: bool
) -> None:
    one, two = start(database, tenant), start(database, tenant)

    def die_of_it(tx: Tx, claimed: Claim) -> bool:
        letter = dead.bury(tx, claimed.id, claimed.token, error_class="E", message="m",
                           fingerprint="f")  # fmt: skip
        return dead_news.is_news(tx, letter)

    def second() -> bool:
        with database.tenant(tenant) as tx:
            return die_of_it(tx, two)

    waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with ThreadPoolExecutor(1) as pool, contextlib.ExitStack() as first:
        tx = first.enter_context(database.tenant(tenant))
        assert die_of_it(tx, one)
        later = pool.submit(second)
        until(lambda: later.done() or peek(waiting))
        if not first_commits:
            tx.run("ROLLBACK")
        first.close()
        assert later.result(timeout=10) is not first_commits
