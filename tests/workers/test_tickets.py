"""Tickets in Redis: bounded, of one fleet, and worth nothing once the job is somebody else's."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import dramatiq
import redis

from db import Database
from schemas.base import Value
from schemas.enums import EffectClass
from telemetry.bell import Bell
from tests.factories import Toy, enqueue, sweep
from tests.fix_world import Bench, Fleet, Said, spec, until
from workers.context import Context
from workers.effects import Effect, perform
from workers.process import open_broker
from workers.sessions import Heartbeat

Peek = Callable[..., list[tuple[Any, ...]]]
QUEUE = "outrider:lots:toys"
IDLE = spec(Toy, lambda _job, _ctx: None)


def test_a_backlog_that_nobody_reads_never_fills_redis(
    database: Database, tenant: UUID, fleet: Callable[..., Fleet], redis_url: str, peek: Peek
) -> None:
    parts = fleet([IDLE], threads=2, works=False)
    ids = enqueue(database, tenant, *[Toy(number=n) for n in range(2000)])
    longest = 0
    with redis.Redis.from_url(redis_url) as client:
        for _ in range(20):  # as if each ticket's lease lapsed, again and again
            parts.dispatcher.step()
            assert peek("SELECT count(*) FROM outrider.jobs WHERE state = 'dispatched'") == [(4,)]
            longest = max(longest, int(str(client.llen(QUEUE))))
            peek(
                "UPDATE outrider.jobs SET lease_until = clock_timestamp() WHERE lease_until > '-infinity'"
            )
            sweep(database)
    assert 4 <= longest <= 16
    fleet([IDLE], threads=4)  # stale tickets are dropped, and the work is done
    until(lambda: peek("SELECT count(*) FROM outrider.job_log") == [(2000,)], seconds=40)
    assert peek("SELECT min(job_id), max(job_id), max(attempt) FROM outrider.job_log") == [
        (ids[0], ids[-1], 1)]  # fmt: skip


def test_two_fleets_with_a_prefix_each_share_one_redis(
    database: Database, tenant: UUID, redis_url: str, fleet: Callable[..., Fleet], peek: Peek
) -> None:
    others = open_broker(redis_url, "other")
    others.declare_queue("toys")
    others.ring([strange_ticket(n) for n in range(1, 6)], most=100)
    fleet([IDLE])
    ids = enqueue(database, tenant, *[Toy(number=n) for n in range(20)])
    until(lambda: peek("SELECT count(*) FROM outrider.job_log") == [(20,)])
    assert peek("SELECT job_id FROM outrider.job_log ORDER BY 1") == [(job_id,) for job_id in ids]
    assert others.client.llen("other:lots:toys") == 5  # nobody else pops them
    others.flush("toys")
    assert others.client.llen("other:lots:toys") == 0
    others.close()


def test_the_bell_of_one_fleet_wakes_no_other(redis_url: str) -> None:
    ours, theirs = Bell(redis_url), Bell(redis_url, "other")
    assert theirs.ring([Toy.name])
    assert not ours.wait([Toy.name], timeout=0.05)
    assert theirs.wait([Toy.name], timeout=1)
    ours.close()
    theirs.close()


def strange_ticket(job_id: int) -> "dramatiq.Message[None]":
    return dramatiq.Message(
        queue_name="toys", actor_name=Toy.name, args=([job_id], None), kwargs={}, options={}
    )


class Receipt(Value):
    number: int


def test_a_process_whose_heart_stands_still_begins_no_call(
    database: Database, bench: Bench, said: Said
) -> None:
    """Its threads run on; what they would do to the world is fenced by the row, not by their clock."""
    calls: list[int] = []
    heart = Heartbeat(database, actors=[Toy.name], threads=1, lease=timedelta(seconds=0.2))
    bench.runner.session_id = heart.session_id  # announced, and then never heard of again

    def handler(job: Toy, ctx: Context) -> None:
        time.sleep(0.3)
        assert sweep(database, lease=timedelta(seconds=0.2)).recovered == 1
        perform(ctx, Effect("call:1", EffectClass.UNREPEATABLE, Receipt, lambda: called(job)))

    def called(job: Toy) -> Receipt:
        calls.append(job.number)
        return Receipt(number=job.number)

    job_id = bench.do(spec(Toy, handler))
    assert calls == []
    assert [line["event"] for line in said if line["event"].startswith("job.")] == ["job.fenced"]
    assert bench.state(job_id) == ("ready", 1)
    heart.close()
