"""Scenes of a job's life. Each is clean as it stands, and names what a mutation breaks."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar

import pytest
import redis

from db import Database
from db.jobs import Unique
from schemas.base import Value
from schemas.enums import EffectClass
from schemas.errors import Transient, Unanswered
from tests.factories import Toy, claim, pick, session, sweep
from tests.fix_world import Bench, Fleet, spec, until
from tests.mutations.witness import Witness, swallow
from workers.context import Context
from workers.effects import Effect, perform

Assemble = Callable[..., Fleet]
Peek = Callable[..., list[tuple[Any, ...]]]


class Crash(BaseException):
    """The process ends here, as far as anybody can tell."""


class Frail(Toy):
    """Three attempts and no more."""

    name: ClassVar[str] = "toy.frail"
    attempts: ClassVar[int] = 3


class Sent(Value):
    number: int


def dies(bench: Bench, actor: Any, job_id: int) -> None:
    """One attempt in a process that ends in the middle of it, and is swept."""
    with suppress(Crash):
        bench.attempt(actor, job_id)
    sweep(bench.database, lease=timedelta(0))
    fresh = session(bench.database, actor.job.name)
    bench.runner.session_id = lambda: fresh


def test_an_ordinary_day(witness: Witness, fleet: Assemble) -> None:
    failed: set[int] = set()

    def work(job: Toy, ctx: Context) -> None:
        if job.number % 5 == 0 and job.number not in failed:
            failed.add(job.number)
            raise Transient("The first time it rains.")

    def pure(job: Frail, ctx: Context) -> None:
        witness.calls[f"pure:{job.number}"] += 1

    fleet([spec(Toy, witness.body(work)), spec(Frail, pure)])
    witness.queue(*[Toy(number=n) for n in range(20)])
    pure_ids = witness.queue(*[Frail(number=n) for n in range(20)])
    for n in range(5):
        kind = (Toy, Frail)[n % 2]
        witness.queue(kind(number=100 + n), unique=Unique(f"key:{n}"))
    witness.must("I1", witness.quiet(seconds=4), "work was left over at the end of the day")
    left = witness.peek("SELECT count(*) FROM outrider.jobs WHERE state <> 'parked'")[0][0]
    witness.must("I14", left == 0, f"{left} finished jobs stayed in the hot table")
    lines = witness.peek("SELECT count(*) FROM outrider.job_log WHERE job_id = ANY(%s)", pure_ids)
    witness.must("I1", lines == [(20,)], f"of 20 pure jobs {lines} are in the log")
    witness.verdict()


def test_a_frozen_worker_thaws_while_its_job_runs_elsewhere(witness: Witness, bench: Bench) -> None:
    here, go = [threading.Event(), threading.Event()], [threading.Event(), threading.Event()]

    def work(_job: Toy, ctx: Context) -> None:
        turn = ctx.claim.attempt - 1
        here[turn].set()
        go[turn].wait(5)

    actor = spec(Toy, witness.body(work))
    [job_id] = witness.queue(Toy())

    def attempt() -> threading.Thread:
        thread = threading.Thread(target=swallow, args=(lambda: bench.attempt(actor, job_id),))
        thread.start()
        return thread

    first = attempt()
    assert here[0].wait(5)
    sweep(bench.database, lease=timedelta(0))
    fresh = session(bench.database, "toy.plain")
    bench.runner.session_id = lambda: fresh
    second = attempt()
    assert here[1].wait(5)
    go[0].set()
    first.join()
    go[1].set()
    second.join()
    witness.verdict()


def test_a_crash_in_the_middle_of_a_call_that_cannot_be_repeated(
    witness: Witness, bench: Bench
) -> None:
    def call() -> Sent:
        witness.calls["send:1"] += 1
        if witness.calls["send:1"] == 1:
            raise Crash
        return Sent(number=1)

    def work(_job: Toy, ctx: Context) -> None:
        perform(ctx, Effect("send:1", EffectClass.UNREPEATABLE, Sent, call))

    actor = spec(Toy, witness.body(work))
    [job_id] = witness.queue(Toy())
    dies(bench, actor, job_id)
    swallow(lambda: bench.attempt(actor, job_id))
    witness.verdict()


def test_a_call_that_is_not_answered(witness: Witness, bench: Bench) -> None:
    def call() -> Sent:
        witness.calls["send:1"] += 1
        raise Unanswered("The line went dead after the last byte.")

    def work(_job: Toy, ctx: Context) -> None:
        perform(ctx, Effect("send:1", EffectClass.UNREPEATABLE, Sent, call))

    actor = spec(Toy, witness.body(work))
    [job_id] = witness.queue(Toy())
    bench.attempt(actor, job_id)
    if not witness.peek("SELECT 1 FROM outrider.jobs WHERE state = 'parked'"):
        swallow(lambda: bench.attempt(actor, job_id))
    witness.verdict()


def test_a_job_that_kills_every_process(witness: Witness, bench: Bench) -> None:
    def work(_job: Frail, _ctx: Context) -> None:
        raise Crash

    actor = spec(Frail, witness.body(work))
    [job_id] = witness.queue(Frail())
    for _ in range(Frail.attempts + 1):
        witness.peek(
            "UPDATE outrider.jobs SET retry_at = clock_timestamp() WHERE retry_at IS NOT NULL"
        )
        if witness.peek("SELECT 1 FROM outrider.jobs"):
            swallow(lambda: dies(bench, actor, job_id))
    began = len(witness.claims)
    witness.must("I4", began <= Frail.attempts, f"{began} attempts were made of {Frail.attempts}")
    dead = witness.peek("SELECT count(*) FROM outrider.dead_letters WHERE job_id = %s", job_id)
    witness.must("I4", dead == [(1,)], "a job that kills its worker is not in the dead letters")
    witness.verdict()


def test_a_job_that_fails_whenever_it_is_tried(witness: Witness, bench: Bench) -> None:
    def work(_job: Frail, _ctx: Context) -> None:
        raise Transient("It rains.")

    actor = spec(Frail, witness.body(work))
    [job_id] = witness.queue(Frail())
    for _ in range(Frail.attempts):
        bench.attempt(actor, job_id)
    dead = witness.peek("SELECT attempts FROM outrider.dead_letters WHERE job_id = %s", job_id)
    witness.must("I4", dead == [(Frail.attempts,)], "its attempts are spent and it is not dead")
    witness.verdict()


def test_a_worker_falls_silent(witness: Witness, fleet: Assemble, bench: Bench) -> None:
    def work(_job: Toy, ctx: Context) -> None:
        if ctx.claim.attempt == 1:
            raise Crash

    actor = spec(Toy, witness.body(work))
    [job_id] = witness.queue(Toy())
    with pytest.raises(Crash):
        bench.attempt(actor, job_id)
    witness.peek("UPDATE outrider.sessions SET beat_at = beat_at - interval '1 hour'")
    witness.peek("UPDATE outrider.jobs SET started_at = started_at - interval '1 hour'")
    fleet([actor])
    witness.must("I5", witness.quiet(seconds=3), "a dead worker's job did not run again")
    witness.verdict()


def test_every_ticket_vanishes(
    witness: Witness, fleet: Assemble, redis_url: str, database: Database
) -> None:
    actor = spec(Toy, witness.body())
    witness.queue(*[Toy(number=n) for n in range(6)])
    parts = fleet([actor], works=False, lease=timedelta(milliseconds=400))
    parts.dispatcher.step()
    with redis.Redis.from_url(redis_url) as client:
        until(lambda: client.keys("*:lots:*"))
        client.flushall()
    fleet([actor], lease=timedelta(milliseconds=400))
    done = witness.quiet(seconds=3)
    witness.must("I13", done, "tickets stayed dispatched past lease and sweep")
    witness.must("I15", done, "jobs whose tickets vanished are not done")
    witness.verdict()


def test_two_hands_reach_for_one_ticket(witness: Witness, bench: Bench) -> None:
    go, here = threading.Event(), threading.Event()

    def work(_job: Toy, _ctx: Context) -> None:
        here.set()
        go.wait(5)

    actor = spec(Toy, witness.body(work))
    [job_id] = witness.queue(Toy())
    first = threading.Thread(target=swallow, args=(lambda: bench.attempt(actor, job_id),))
    first.start()
    assert here.wait(5)
    go_on = threading.Timer(0.3, go.set)
    go_on.start()
    swallow(lambda: bench.runner.run(actor, [job_id], bench.tenant))  # the same ticket once more
    go.set()
    first.join()
    tried = len(witness.claims)
    witness.must("I3", tried == 1, f"one ticket, delivered twice, was claimed {tried} times")
    witness.verdict()


def test_one_key_is_asked_for_again_and_again(witness: Witness) -> None:
    key = Unique("the lead", "live")
    [job_id] = witness.queue(Toy(number=1), unique=key)
    witness.queue(Toy(number=2), unique=key)
    pick(witness.database)
    claim(witness.database, witness.tenant, job_id)
    witness.queue(Toy(number=3), unique=key)  # it runs, and is not over
    [(alive,)] = witness.peek("SELECT count(*) FROM outrider.jobs")
    witness.must("I11", alive == 1, f"{alive} jobs of one key are alive")
    witness.verdict()
