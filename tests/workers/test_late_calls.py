"""Calls of a worker that was given up for dead: none is begun, and a late answer still counts."""

from collections.abc import Callable
from typing import Any

from db import Database, jobs
from schemas.base import Value
from schemas.enums import EffectClass, JobOutcome, JobState
from tests.factories import Toy, session, sweep
from tests.fix_world import Bench, spec
from workers.actor import Spec
from workers.context import Context
from workers.effects import Effect, perform


class Sent(Value):
    number: int


def mail(ctx: Context, call: list[int]) -> None:
    def send() -> Sent:
        call.append(ctx.claim.attempt)
        return Sent(number=len(call))

    perform(ctx, Effect("mail:1", EffectClass.UNREPEATABLE, Sent, send))


def test_a_worker_that_lost_its_job_begins_no_new_call(bench: Bench, database: Database) -> None:
    sent: list[int] = []
    job_id = bench.queue(Toy())

    def handler(_job: Toy, ctx: Context) -> None:
        with database.hat("dispatcher") as tx:
            tx.run("DELETE FROM outrider.sessions")
        sweep(database)
        with database.tenant(bench.tenant) as tx:
            assert jobs.cancel(tx, job_id)
        mail(ctx, sent)

    bench.attempt(spec(Toy, handler), job_id)
    assert bench.state(job_id)[0] is JobOutcome.CANCELLED
    assert sent == []


def test_an_answer_that_comes_late_frees_the_job_that_was_parked_for_it(
    bench: Bench, database: Database
) -> None:
    sent: list[int] = []

    def actor(*, slow: bool) -> Spec:
        def handler(_job: Toy, ctx: Context) -> None:
            def send() -> Sent:
                if slow:
                    _lose_the_lease(bench)
                    bench.attempt(actor(slow=False), job_id)
                    assert bench.state(job_id)[0] is JobState.PARKED
                sent.append(1)
                return Sent(number=1)

            perform(ctx, Effect("mail:1", EffectClass.UNREPEATABLE, Sent, send))

        return spec(Toy, handler)

    job_id = bench.queue(Toy())
    bench.attempt(actor(slow=True), job_id)
    assert bench.state(job_id)[0] is JobState.READY
    bench.attempt(actor(slow=False), job_id)
    assert bench.state(job_id)[0] is JobOutcome.DONE
    assert sent == [1]


def test_a_call_cut_off_on_the_last_attempt_is_a_doubt_that_everybody_can_see(
    bench: Bench, database: Database, peek: Callable[..., list[tuple[Any, ...]]]
) -> None:
    def send() -> Sent:
        raise ZeroDivisionError("nobody knows whether it went out")

    def handler(_job: Toy, ctx: Context) -> None:
        perform(ctx, Effect("mail:1", EffectClass.UNREPEATABLE, Sent, send))

    job_id = bench.queue(Toy())
    peek("UPDATE outrider.jobs SET max_attempts = 1")
    bench.attempt(spec(Toy, handler), job_id)
    assert bench.state(job_id)[0] is JobOutcome.DEAD
    assert peek("SELECT state::text FROM outrider.effects") == [("in_doubt",)]


def _lose_the_lease(bench: Bench) -> None:
    with bench.database.hat("dispatcher") as tx:
        tx.run("DELETE FROM outrider.sessions")
    sweep(bench.database)
    number = session(bench.database)
    bench.runner.session_id = lambda: number
