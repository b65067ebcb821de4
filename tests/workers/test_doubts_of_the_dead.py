"""A call that an earlier attempt began stays visible when its job is over without looking after it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from db import Database, cancellations, effects, jobs
from db.cancellations import Scope
from schemas.base import Value
from schemas.enums import EffectClass, JobOutcome
from schemas.errors import Permanent
from tests.factories import Toy, promote, session, sweep
from tests.fix_world import Bench, spec
from workers.actor import Spec
from workers.context import Context
from workers.effects import Effect, perform

Peek = Callable[..., list[tuple[Any, ...]]]


class Crash(BaseException):
    """The process ends here."""


class Sent(Value):
    number: int


def begun(bench: Bench) -> tuple[int, Spec]:
    """A job whose worker died in the middle of a call, and which would fail before it calls again."""

    def call() -> Sent:
        raise Crash

    def handler(_job: Toy, ctx: Context) -> None:
        if ctx.claim.attempt > 1:
            raise Permanent("The record is gone.")
        perform(ctx, Effect("mail:1", EffectClass.UNREPEATABLE, Sent, call))

    job_id, actor = bench.queue(Toy()), spec(Toy, handler)
    with suppress(Crash):
        bench.attempt(actor, job_id)
    sweep(bench.database, lease=timedelta(0))
    fresh = session(bench.database)
    bench.runner.session_id = lambda: fresh
    return job_id, actor


def doubts(database: Database) -> list[str]:
    with database.hat("operator") as tx:
        return [doubt.key for doubt in effects.list_doubts(tx, tenant_id=None, limit=9)]


def test_a_job_that_dies_on_a_later_attempt_leaves_its_doubt(
    bench: Bench, database: Database
) -> None:
    job_id, actor = begun(bench)
    assert doubts(database) == []  # the next attempt will see to it
    bench.attempt(actor, job_id)
    assert bench.state(job_id) == (JobOutcome.DEAD, 2)
    assert doubts(database) == ["mail:1"]


@pytest.mark.parametrize("waits", [True, False])
def test_a_job_that_is_cancelled_between_two_attempts_leaves_its_doubt(
    bench: Bench, database: Database, peek: Peek, waits: bool
) -> None:
    job_id, _ = begun(bench)
    if waits:
        peek("UPDATE outrider.jobs SET state = 'delayed', retry_at = now() + interval '1 day'")
    promote(database)
    with database.tenant(bench.tenant) as tx:
        done = cancellations.cancel(tx, Scope(job_id=job_id), [job_id])
    assert (done.jobs, done.fenced, done.doubts) == (1, 0, 1)
    assert doubts(database) == ["mail:1"]


def test_a_job_that_an_operator_drops_alone_leaves_its_doubt(
    bench: Bench, database: Database
) -> None:
    job_id, _ = begun(bench)
    with database.tenant(bench.tenant) as tx:
        assert jobs.cancel(tx, job_id)
    assert doubts(database) == ["mail:1"]
