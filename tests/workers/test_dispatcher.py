"""The dispatcher, one step at a time: what is rung, in which order, and what comes back."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import redis

from db import Database, claims, dead, jobs
from schemas.enums import JobState
from telemetry.bell import connect
from tests.factories import (
    LEASE,
    OneShot,
    Toy,
    claim,
    enqueue,
    pick,
    promote,
    session,
    start,
    sweep,
)  # fmt: skip
from tests.fix_world import Fleet, Said, spec, until

Peek = Callable[..., list[tuple[Any, ...]]]
Assemble = Callable[..., Fleet]
QUEUE = "outrider:lots:toys"
IDLE = spec(Toy, lambda _job, _ctx: None)


@pytest.fixture
def rung(redis_url: str) -> Any:
    """Job ids of the tickets that lie in Redis, in their order."""
    with redis.Redis.from_url(redis_url) as client:

        def look() -> list[int]:
            tickets = [json.loads(ticket)["args"][0] for ticket in client.lrange(QUEUE, 0, -1)]
            return [job_id for ids in tickets for job_id in ids]

        yield look


def count(peek: Peek, state: str) -> int:
    return int(peek("SELECT count(*) FROM outrider.jobs WHERE state = %s", state)[0][0])


def test_what_is_due_is_rung_in_order_within_the_window(
    database: Database, tenant: UUID, fleet: Assemble, rung: Any, peek: Peek
) -> None:
    parts = fleet([IDLE], threads=2, works=False)
    ids = enqueue(database, tenant, *[Toy(number=n) for n in range(6)])
    [late] = enqueue(database, tenant, Toy(), after=timedelta(hours=1))
    assert parts.dispatcher.step()
    assert rung() == ids[:4]
    parts.dispatcher.step()
    assert rung() == ids[:4]
    claimed = claim(database, tenant, ids[0], session_id=parts.heart.session_id())
    assert claimed
    parts.dispatcher.step()
    assert rung() == ids[:5]
    assert count(peek, "delayed") == 1
    assert late not in rung()


def test_a_wait_that_is_over_is_promoted_and_rung(
    database: Database, tenant: UUID, fleet: Assemble, rung: Any, later: Callable[..., None]
) -> None:
    parts = fleet([IDLE], works=False)
    ids = enqueue(database, tenant, Toy(), after=timedelta(hours=1))
    parts.dispatcher.step()
    assert rung() == []
    later(timedelta(hours=2))
    parts.dispatcher.step()
    assert rung() == ids


def test_only_the_actors_of_this_process_are_rung(
    database: Database, tenant: UUID, fleet: Assemble, rung: Any
) -> None:
    parts = fleet([IDLE], works=False)
    enqueue(database, tenant, OneShot())
    mine = enqueue(database, tenant, Toy())
    parts.dispatcher.step()
    assert rung() == mine


def test_two_dispatchers_never_ring_one_job_twice(
    database: Database, tenant: UUID, fleet: Assemble, rung: Any
) -> None:
    both = [fleet([IDLE], threads=64, works=False) for _ in range(2)]
    ids = enqueue(database, tenant, *[Toy(number=n) for n in range(400)])

    def work(parts: Fleet) -> None:
        for _ in range(8):
            parts.dispatcher.step()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, both))
    tickets = rung()
    assert len(tickets) == len(set(tickets)) > 200
    assert set(tickets) <= set(ids)


def test_a_lost_ticket_is_rung_again_after_its_lease_and_not_before(
    database: Database, tenant: UUID, fleet: Assemble, rung: Any, redis_url: str, peek: Peek
) -> None:
    parts = fleet([IDLE], works=False)
    ids = enqueue(database, tenant, Toy())
    parts.dispatcher.step()
    redis.Redis.from_url(redis_url).flushdb()
    assert sweep(database).rung_again == 0
    peek("UPDATE outrider.jobs SET lease_until = clock_timestamp() - interval '1 ms'")
    assert sweep(database).rung_again == 1
    parts.dispatcher.step()
    assert rung() == ids
    assert peek("SELECT attempt FROM outrider.jobs") == [(0,)]


def test_the_jobs_of_a_silent_process_are_recovered(database: Database, tenant: UUID) -> None:
    running = start(database, tenant)
    assert sweep(database).recovered == 0
    assert sweep(database, lease=timedelta(0)).recovered == 1
    with database.tenant(tenant) as tx:
        row = jobs.find(tx, running.id)
    assert row
    assert (row.state, row.attempt, row.last_error) == (JobState.READY, 1, "WorkerLost")


def test_a_job_past_its_deadline_is_recovered_although_its_process_lives(
    database: Database, tenant: UUID
) -> None:
    [job_id] = enqueue(database, tenant, Toy())
    pick(database)
    alive = session(database)
    assert claim(database, tenant, job_id, session_id=alive, limit=timedelta(0))
    assert sweep(database).recovered == 1
    with database.tenant(tenant) as tx:
        row = jobs.find(tx, job_id)
    assert row
    assert row.last_error == "DeadlinePassed"


@pytest.mark.system(69)
def test_a_job_whose_processes_all_died_is_buried_when_its_attempts_are_spent(
    database: Database, tenant: UUID
) -> None:
    killer = start(database, tenant, OneShot())
    swept = sweep(database, lease=timedelta(0))
    assert (swept.recovered, swept.buried) == (0, 1)
    with database.tenant(tenant) as tx:
        [letter] = dead.list_letters(tx, dead.Which(tenant_id=tenant, status="open"), limit=5)
    assert (letter.job_id, letter.error_class, letter.attempts) == (killer.id, "WorkerLost", 1)
    assert letter.error_message == "The process that ran this job died on every attempt."


def test_two_sweepers_at_once_recover_each_job_once(database: Database, tenant: UUID) -> None:
    ids = enqueue(database, tenant, *[Toy() for _ in range(100)])
    pick(database)
    gone = session(database)
    with database.tenant(tenant) as tx:
        for job_id in ids:
            claims.claim(tx, [job_id], actor=Toy.name, session_id=gone, limit=LEASE)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: sweep(database, lease=timedelta(0)), range(4)))
    found.append(sweep(database, lease=timedelta(0)))
    assert sum(s.recovered for s in found) == 100
    assert sorted(pick(database)) == ids


def test_while_redis_is_away_jobs_stay_ready_and_nothing_is_lost(
    database: Database, tenant: UUID, fleet: Assemble, said: Said, peek: Peek, redis_url: str,
    rung: Any,
) -> None:  # fmt: skip
    parts = fleet([IDLE], works=False)
    here, parts.broker.client = parts.broker.client, connect("redis://127.0.0.1:1/0")
    ids = enqueue(database, tenant, Toy(), Toy())
    for _ in range(3):
        parts.dispatcher.step()
        assert count(peek, "ready") == 2
    parts.broker.client.close()
    parts.broker.client = here
    parts.dispatcher.step()
    assert rung() == ids
    lines = [line for line in said if line["event"].startswith("redis.")]
    assert [line["event"] for line in lines] == ["redis.away", "redis.back"]
    assert lines[0]["setting"] == "OUTRIDER_REDIS_URL"


STRANGE = {
    "bytes": b"\xff\xfe",
    "nothing": b"",
    "another type": b"[1, 2]",
    "other fields": b'{"a": 1}',
    "no options": b'{"queue_name":"toys","actor_name":"toy.plain","args":[1,null],"kwargs":{},'
    b'"options":null,"message_id":"x","message_timestamp":1}',
    "unknown actor": b'{"queue_name":"toys","actor_name":"gone","args":[1,null],"kwargs":{},'
    b'"options":{},"message_id":"x","message_timestamp":1}',
    "wrong arguments": b'{"queue_name":"toys","actor_name":"toy.plain","args":["x"],"kwargs":{},'
    b'"options":{},"message_id":"x","message_timestamp":1}',
    "a bad tenant": b'{"queue_name":"toys","actor_name":"toy.plain","args":[1,"x"],"kwargs":{},'
    b'"options":{},"message_id":"x","message_timestamp":1}',
    "a delay": b'{"queue_name":"toys","actor_name":"toy.plain","args":[1,null],"kwargs":{},'
    b'"options":{"eta":99999999999999},"message_id":"x","message_timestamp":1}',
}


@pytest.mark.parametrize("ticket", STRANGE)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_ticket_that_nobody_understands_strands_nothing(
    database: Database, tenant: UUID, fleet: Assemble, redis_url: str, ticket: str, peek: Peek
) -> None:
    ran: list[int] = []
    client = redis.Redis.from_url(redis_url)
    for _ in range(20):  # more than a worker holds at a time
        client.rpush(QUEUE, STRANGE[ticket])
    fleet([spec(Toy, lambda job, _ctx: ran.append(job.number))], threads=1)
    enqueue(database, tenant, *[Toy(number=n) for n in range(5)])
    until(lambda: sorted(ran) == [0, 1, 2, 3, 4], seconds=15)
    until(lambda: peek("SELECT count(*) FROM outrider.jobs") == [(0,)])
    assert client.llen(QUEUE) == 0
    client.close()


def test_what_was_lost_in_redis_runs_after_the_lease(
    database: Database, tenant: UUID, fleet: Assemble, redis_url: str, peek: Peek
) -> None:
    parts = fleet([IDLE], works=False, lease=timedelta(milliseconds=300))
    enqueue(database, tenant, *[Toy(number=n) for n in range(5)])
    parts.dispatcher.step()
    redis.Redis.from_url(redis_url).flushdb()
    fleet([IDLE], lease=timedelta(milliseconds=300))
    until(lambda: peek("SELECT count(*) FROM outrider.job_log") == [(5,)])
    assert promote(database) == 0
