"""Servers and processes that go away and come back: nothing is lost, nothing happens twice."""

import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
import redis

from db import Database, invariants, tenants
from db.logins import make_app_login
from db.migrate import migrate
from scripts import embedded
from scripts.fleet import free_port
from scripts.server import Server
from tests.e2e.conftest import Crew, settings
from tests.e2e.toys import Nap
from tests.factories import LEASE, enqueue
from tests.fix_world import until

pytestmark = pytest.mark.e2e
Peek = Callable[..., list[tuple[Any, ...]]]
LOG = "SELECT job_id, outcome, attempt FROM outrider.job_log ORDER BY job_id"


def naps(count: int, seconds: float = 0.0) -> list[Nap]:
    return [Nap(number=n, seconds=seconds) for n in range(count)]


def finished(peek: Peek) -> int:
    return int(peek("SELECT count(*) FROM outrider.job_log WHERE outcome = 'done'")[0][0])


def url(server: Server) -> str:
    return f"redis://:{embedded.password(server.log.parent)}@127.0.0.1:{server.port}/0"


def test_a_worker_that_was_frozen_past_its_lease_commits_nothing(
    crew: Crew, database: Database, tenant: UUID, peek: Peek
) -> None:
    frozen = crew.start("toys")
    [job_id] = enqueue(database, tenant, Nap(number=1, seconds=1))
    until(lambda: crew.diary() == ["began 1"])
    frozen.send_signal(signal.SIGSTOP)
    crew.start("toys")
    until(lambda: finished(peek) == 1, seconds=30)
    frozen.send_signal(signal.SIGCONT)
    until(lambda: any(line["event"] == "job.fenced" for line in crew.lines(0)))
    assert peek(LOG) == [(job_id, "done", 2)]
    assert crew.diary() == ["began 1", "began 1", "ended 1"]
    [follow_up] = enqueue(database, tenant, Nap(number=2))  # it serves again, under a new session
    until(lambda: finished(peek) == 2)
    assert follow_up > job_id
    until(lambda: any(line["event"] == "session.lost" for line in crew.lines(0)))


def test_a_worker_that_is_told_to_stop_finishes_what_it_runs(
    crew: Crew, database: Database, tenant: UUID, peek: Peek
) -> None:
    [job_id] = enqueue(database, tenant, Nap(number=1, seconds=1))
    worker = crew.start("toys")
    until(lambda: crew.diary() == ["began 1"])
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=15) == 0
    assert peek(LOG) == [(job_id, "done", 1)]
    assert peek("SELECT count(*) FROM outrider.sessions") == [(0,)]


def test_a_worker_that_must_not_wait_gives_back_without_burning_an_attempt(
    crew: Crew, database: Database, tenant: UUID, peek: Peek
) -> None:
    enqueue(database, tenant, *naps(12, seconds=20))
    worker = crew.start("toys", OUTRIDER_DRAIN="0.3")
    until(lambda: len(crew.diary()) == 4)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=15) == 0
    rows = peek("SELECT attempt, count(*) FROM outrider.jobs WHERE state <> 'running' GROUP BY 1")
    assert rows == [(0, 12)]
    assert finished(peek) == 0


def test_a_flushed_valkey_loses_nothing(
    crew: Crew, database: Database, tenant: UUID, peek: Peek, valkey: Server
) -> None:
    crew.environment["OUTRIDER_REDIS_URL"] = url(valkey)
    ids = enqueue(database, tenant, *naps(300, seconds=0.01))
    crew.start("toys")
    crew.start("toys")
    with redis.Redis.from_url(url(valkey)) as client:
        while finished(peek) < 250:
            client.flushall()
            time.sleep(0.15)
    until(lambda: finished(peek) == 300, seconds=30)
    assert peek(LOG) == [(job_id, "done", 1) for job_id in ids]
    assert sorted(crew.diary()) == sorted(
        f"{what} {n}" for n in range(300) for what in ("began", "ended")
    )


@pytest.mark.parametrize("away", [
    3.0, pytest.param(60.0, marks=[pytest.mark.long, pytest.mark.timeout(150)])])  # fmt: skip
def test_valkey_may_be_away_and_come_back_empty(
    crew: Crew, database: Database, tenant: UUID, peek: Peek, valkey: Server, away: float
) -> None:
    crew.environment["OUTRIDER_REDIS_URL"] = url(valkey)
    worker = crew.start("toys")
    ids = enqueue(database, tenant, *naps(100, seconds=0.02))
    until(lambda: finished(peek) > 10)
    valkey.stop()
    ids += enqueue(database, tenant, *naps(20))
    time.sleep(away)
    assert worker.poll() is None
    valkey.start()
    until(lambda: finished(peek) == 120, seconds=30)
    assert [job_id for job_id, _, _ in peek(LOG)] == ids
    [away_line, _] = [line for line in crew.lines(0) if line["event"].startswith("redis.")]
    assert (away_line["event"], away_line["setting"]) == ("redis.away", "OUTRIDER_REDIS_URL")


def test_two_processes_share_the_work_and_fire_each_schedule_once(
    crew: Crew, database: Database, tenant: UUID, peek: Peek, later: Callable[[timedelta], None]
) -> None:
    crew.start("toys", "house")
    crew.start("toys", "house")
    ids = enqueue(database, tenant, *naps(200, seconds=0.005))
    for hour in (1, 2):
        later(timedelta(hours=hour))
        until(lambda: fires(peek, "invariants") == fires(peek, "crm") == hour)  # noqa: B023
    until(lambda: finished(peek) >= 200 + 4)  # two schedules fire twice
    assert [job_id for job_id, _, _ in peek(LOG) if job_id in ids] == ids
    assert len(crew.diary()) == 400
    missed = peek(
        "SELECT missed FROM outrider.cron_fires WHERE name = 'invariants' ORDER BY fire_at"
    )
    assert [n for (n,) in missed] == [5, 5]
    workers = peek("SELECT count(*) FROM outrider.sessions")
    assert workers == [(2,)]


def fires(peek: Peek, name: str) -> int:
    return int(peek("SELECT count(*) FROM outrider.cron_fires WHERE name = %s", name)[0][0])


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Server]:
    """A Postgres of this test's own, which keeps what it committed."""
    server = embedded.postgres(tmp_path / "pg", free_port(), durable=True)
    server.start()
    yield server
    server.stop()


def test_postgres_may_crash_and_come_back(
    own_postgres: Server, redis_url: str, tmp_path: Path
) -> None:
    word = embedded.password(own_postgres.log.parent)
    owner = f"postgresql://postgres:{word}@127.0.0.1:{own_postgres.port}/postgres"
    migrate(owner)
    app = make_app_login(owner)
    crew = Crew(tmp_path, settings(tmp_path, app, redis_url))
    database = Database(app, max_size=4)
    database.open()
    try:
        with database.hat("operator") as tx:
            tenant = tenants.add(tx, name="Acme", slug="acme").id
        ids = enqueue(database, tenant, *naps(150, seconds=0.02))
        worker = crew.start("toys")
        until(lambda: len(crew.diary()) > 40)
        assert own_postgres.process
        own_postgres.process.send_signal(
            signal.SIGQUIT
        )  # "immediate": no goodbye, recovery at start
        own_postgres.process.wait(10)
        time.sleep(1)
        own_postgres.start()
        with psycopg.connect(owner, autocommit=True) as conn:
            done = "SELECT count(*) FROM outrider.job_log WHERE outcome = 'done'"
            until(lambda: conn.execute(done).fetchone() == (150,), seconds=40)
            assert [row[0] for row in conn.execute(LOG)] == ids
        assert worker.poll() is None
        with database.hat("operator") as tx:
            assert invariants.check(tx, lease=LEASE) == []
    finally:
        crew.close()
        database.close()


def test_a_worker_may_start_before_its_servers(
    crew: Crew, database: Database, tenant: UUID, peek: Peek, valkey: Server
) -> None:
    valkey.stop()
    crew.environment["OUTRIDER_REDIS_URL"] = url(valkey)
    enqueue(database, tenant, Nap(number=1))
    worker = crew.start("toys")
    time.sleep(0.5)
    assert worker.poll() is None
    valkey.start()
    until(lambda: finished(peek) == 1)
