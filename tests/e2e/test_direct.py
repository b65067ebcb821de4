"""Workers without Redis: claims go straight to Postgres, alone or beside workers with tickets."""

import signal
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from db import Database
from scripts.server import Server
from tests.e2e.conftest import Crew
from tests.e2e.test_outages import url
from tests.e2e.toys import Nap, Sip
from tests.factories import enqueue
from tests.fix_world import until

pytestmark = pytest.mark.e2e
Peek = Callable[..., list[tuple[Any, ...]]]
LOG = "SELECT job_id, outcome, attempt FROM outrider.job_log ORDER BY job_id"
DIRECT = {"OUTRIDER_DIRECT": "1", "OUTRIDER_REDIS_URL": ""}


def finished(peek: Peek) -> int:
    return int(peek("SELECT count(*) FROM outrider.job_log WHERE outcome = 'done'")[0][0])


def done_by(crew: Crew, number: int) -> int:
    return sum(line["event"] == "job.done" for line in crew.lines(number))


def test_without_any_redis_every_job_is_done_once(
    crew: Crew, database: Database, tenant: UUID, peek: Peek
) -> None:
    worker = crew.start("toys", **DIRECT)
    naps = [Nap(number=n, seconds=0.005) for n in range(120)]
    ids = enqueue(database, tenant, *naps, *[Sip(number=n) for n in range(120, 200)])
    until(lambda: finished(peek) == 200, seconds=30)
    assert peek(LOG) == [(job_id, "done", 1) for job_id in ids]
    assert len(crew.diary()) == 400
    assert {line["level"] for line in crew.lines(0)} == {"info"}  # nobody missed a Redis
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0


def test_the_jobs_of_a_killed_direct_worker_run_again(
    crew: Crew, database: Database, tenant: UUID, peek: Peek
) -> None:
    doomed = crew.start("toys", **DIRECT)
    ids = enqueue(database, tenant, *[Nap(number=n, seconds=1) for n in range(8)])
    until(lambda: len(crew.diary()) == 4)
    doomed.kill()
    killed_at = time.monotonic()
    crew.start("toys", **DIRECT)
    until(lambda: finished(peek) == 8, seconds=20)
    assert time.monotonic() - killed_at < 15
    assert [job_id for job_id, _, _ in peek(LOG)] == ids
    # Four ran when it died; the four that waited in its memory had not begun, and burned nothing.
    assert sorted(attempt for _, _, attempt in peek(LOG)) == [1] * 4 + [2] * 4


def test_direct_and_ticketed_workers_share_the_work(
    crew: Crew, database: Database, tenant: UUID, peek: Peek
) -> None:
    crew.start("toys", **DIRECT)
    crew.start("toys")
    ids = enqueue(database, tenant, *[Nap(number=n, seconds=0.02) for n in range(300)])
    until(lambda: finished(peek) == 300, seconds=40)
    assert peek(LOG) == [(job_id, "done", 1) for job_id in ids]
    until(lambda: len(crew.diary()) >= 600)  # what a toy writes last, it writes after its commit
    assert len(crew.diary()) == 600
    assert min(done_by(crew, 0), done_by(crew, 1)) > 60


def test_while_redis_is_away_a_direct_worker_goes_on_and_later_both_do(
    crew: Crew, database: Database, tenant: UUID, peek: Peek, valkey: Server
) -> None:
    crew.environment["OUTRIDER_REDIS_URL"] = url(valkey)
    crew.start("toys")
    crew.start("toys", OUTRIDER_DIRECT="1")
    valkey.stop()
    ids = enqueue(database, tenant, *[Nap(number=n) for n in range(60)])
    until(lambda: finished(peek) == 60, seconds=20)
    until(lambda: done_by(crew, 1) == 60, seconds=5)  # a line is written after its commit
    valkey.start()
    until(lambda: any(line["event"] == "redis.back" for line in crew.lines(0)))
    ids += enqueue(database, tenant, *[Nap(number=n, seconds=0.1) for n in range(60, 120)])
    until(lambda: finished(peek) == 120, seconds=20)
    assert peek(LOG) == [(job_id, "done", 1) for job_id in ids]
    assert done_by(crew, 0) > 10


def test_a_stopped_direct_worker_gives_back_what_it_had_not_begun(
    crew: Crew, database: Database, tenant: UUID, peek: Peek
) -> None:
    enqueue(database, tenant, *[Nap(number=n, seconds=20) for n in range(12)])
    worker = crew.start("toys", OUTRIDER_DRAIN="0.3", OUTRIDER_LEASE="60", **DIRECT)
    until(lambda: len(crew.diary()) == 4)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0
    assert peek("SELECT DISTINCT attempt FROM outrider.jobs") == [(0,)]
    states = peek("SELECT state, count(*) FROM outrider.jobs GROUP BY 1 ORDER BY 1")
    assert dict(states) == {"delayed": 4, "ready": 8}  # the four that ran are due at once
    [stopped] = [line for line in crew.lines(0) if line["event"] == "worker.stopped"]
    assert stopped["given_back"] == 4
