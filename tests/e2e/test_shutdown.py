"""Deployments: told to stop, a worker lets go of everything, and nobody waits for its leases."""

import signal
import subprocess
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest

from db import Database
from tests.e2e.conftest import Crew
from tests.e2e.toys import Leak, Nap, Sip
from tests.factories import enqueue
from tests.fix_world import until
from workers.recycling import RECYCLED

pytestmark = pytest.mark.e2e
Peek = Callable[..., list[tuple[Any, ...]]]
WAITS = """
    SELECT max(started_at - enqueued_at), count(*), max(attempt)
      FROM outrider.job_log WHERE outcome = 'done'
"""


def finished(peek: Peek) -> int:
    return int(peek("SELECT count(*) FROM outrider.job_log WHERE outcome = 'done'")[0][0])


def stopped(crew: Crew, number: int) -> dict[str, Any]:
    [line] = [line for line in crew.lines(number) if line["event"] == "worker.stopped"]
    return line


def test_no_job_waits_for_a_lease_when_a_worker_is_stopped_under_load(
    crew: Crew, database: Database, tenant: UUID, peek: Peek
) -> None:
    crew.environment["OUTRIDER_LEASE"] = "60"  # a ticket that got lost would wait so long
    crew.start("toys")
    going = crew.start("toys")
    enough = Event()

    def produce() -> None:
        number = 0
        while not enough.wait(0.1):
            enqueue(database, tenant, *[Nap(number=number + n, seconds=0.05) for n in range(6)])
            number += 6

    producer = Thread(target=produce)
    producer.start()
    try:
        until(lambda: finished(peek) > 30, seconds=30)
        going.send_signal(signal.SIGTERM)
        assert going.wait(20) == 0
        before = finished(peek)
        until(lambda: finished(peek) > before + 30, seconds=30)
    finally:
        enough.set()
        producer.join()
    until(lambda: peek("SELECT count(*) FROM outrider.jobs") == [(0,)], seconds=20)
    [(longest, count, attempts)] = peek(WAITS)
    assert attempts == 1
    assert longest.total_seconds() < 10  # below one on idle cores; a lost ticket waits for 60
    assert len(crew.diary()) == 2 * count


def test_of_a_ticket_with_many_jobs_the_one_in_hand_is_finished_and_the_rest_given_back(
    crew: Crew, database: Database, tenant: UUID, peek: Peek
) -> None:
    worker = crew.start("toys", OUTRIDER_THREADS="1", OUTRIDER_LEASE="60")
    ids = enqueue(database, tenant, *[Sip(number=n, seconds=0.7) for n in range(24)])
    until(lambda: crew.diary() == ["began 0"])
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0
    assert crew.diary() == ["began 0", "ended 0"]
    assert peek("SELECT job_id, attempt FROM outrider.job_log") == [(ids[0], 1)]
    assert peek("SELECT DISTINCT attempt FROM outrider.jobs WHERE state <> 'running'") == [(0,)]
    assert stopped(crew, 0)["jobs"] == 1
    crew.start("toys", OUTRIDER_LEASE="60")
    started = time.monotonic()
    until(lambda: len(crew.diary()) > 2)
    assert time.monotonic() - started < 5


def test_a_second_signal_ends_a_worker_at_once(
    crew: Crew, database: Database, tenant: UUID, peek: Peek
) -> None:
    enqueue(database, tenant, Nap(number=1, seconds=2))
    worker = crew.start("toys")
    until(lambda: crew.diary() == ["began 1"])
    worker.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert worker.poll() is None
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(2) == -signal.SIGTERM
    assert crew.diary() == ["began 1"]
    crew.start("toys")  # as after a kill: the lease lapses, and the work is done
    until(lambda: finished(peek) == 1, seconds=20)


def keep_alive(crew: Crew, until_done: Callable[[], bool], **more: str) -> list[int]:
    """What a supervisor does: start anew whatever ends; returns the exit codes."""
    codes: list[int] = []
    worker: subprocess.Popen[bytes] = crew.start("toys", **more)
    deadline = time.monotonic() + 50
    while not until_done():
        assert time.monotonic() < deadline
        if (code := worker.poll()) is not None:
            codes.append(code)
            worker = crew.start("toys", **more)
        time.sleep(0.05)
    return codes


def test_a_worker_that_leaks_is_recycled_and_no_attempt_is_burned(
    crew: Crew, database: Database, tenant: UUID, peek: Peek
) -> None:
    enqueue(database, tenant, *[Leak(number=n, seconds=0.15) for n in range(60)])
    codes = keep_alive(crew, lambda: finished(peek) == 60, OUTRIDER_MEMORY_MAX="300")
    assert codes
    assert set(codes) == {RECYCLED}
    [(_, _, attempts)] = peek(WAITS)
    assert attempts == 1
    assert sorted(crew.diary()) == sorted(
        f"{what} {n}" for n in range(60) for what in ("began", "ended")
    )
    [line] = [line for line in crew.lines(0) if line["event"] == "worker.recycled"]
    assert line["reason"] == "OUTRIDER_MEMORY_MAX"


def test_a_worker_that_did_its_share_is_recycled(
    crew: Crew, database: Database, tenant: UUID, peek: Peek
) -> None:
    worker = crew.start("toys", OUTRIDER_MAX_JOBS="10")
    enqueue(database, tenant, *[Nap(number=n) for n in range(10)])
    assert worker.wait(15) == RECYCLED
    assert finished(peek) == 10
    assert stopped(crew, 0)["jobs"] == 10
    assert peek("SELECT count(*) FROM outrider.sessions") == [(0,)]
