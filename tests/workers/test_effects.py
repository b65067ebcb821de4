"""The ledger of calls: what a crash between two of its lines leads to, for each class of effect."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from db import Database, effects
from schemas.base import Value
from schemas.enums import EffectClass, EffectState, JobOutcome, JobState
from schemas.errors import Permanent, RateLimited, Transient
from tests.factories import OneShot, Toy, promote, run_again, session, sweep, tenant_called
from tests.fix_world import Bench, Said, spec, until
from workers.actor import Spec
from workers.context import Context
from workers.effects import Effect, InDoubt, perform

Peek = Callable[..., list[tuple[Any, ...]]]
REPEATABLE, UNREPEATABLE = EffectClass.REPEATABLE, EffectClass.UNREPEATABLE


class Sent(Value):
    number: int


class Crash(BaseException):
    """The process ends here, as far as the ledger can tell."""


@dataclass
class Mailbox:
    """An outside world that counts, crashes on order, and may remember what it was sent."""

    kind: EffectClass
    calls: int = 0
    fail: list[BaseException | None] = field(default_factory=list)
    remembers: Callable[[], Sent | None] | None = None

    def call(self) -> Sent:
        self.calls += 1
        error = self.fail.pop(0) if self.fail else None
        if error:
            raise error
        return Sent(number=self.calls)

    def actor(self, job: type[Toy] = Toy) -> Spec:
        def handler(_job: Toy, ctx: Context) -> None:
            answer = perform(ctx, Effect("mail:1", self.kind, Sent, self.call, self.remembers))
            ctx.log.info("mail.sent", number=answer.number)

        return spec(job, handler)


def crash(bench: Bench, mailbox: Mailbox, *, sent: bool) -> int:
    """An attempt that dies in the middle of its call; its process is swept."""
    mailbox.fail = [Crash("after the call" if sent else "before it")]
    job_id = bench.queue(Toy())
    with pytest.raises(Crash):
        bench.attempt(mailbox.actor(), job_id)
    sweep(bench.database, lease=timedelta(0))
    bench.runner.session_id = _fresh_session(bench)
    return job_id


def _fresh_session(bench: Bench) -> Callable[[], int]:
    number = session(bench.database)
    return lambda: number


def ledger(bench: Bench) -> list[tuple[EffectState, int]]:
    with bench.database.tenant(bench.tenant) as tx:
        return [(effect.state, effect.calls) for effect in effects.list_all(tx)]


@pytest.mark.parametrize("kind", EffectClass)
def test_a_call_is_made_once_and_its_answer_kept(bench: Bench, kind: EffectClass) -> None:
    mailbox = Mailbox(kind)
    for _ in range(3):  # a replay, a duplicate, another job of the same meaning
        job_id = bench.do(mailbox.actor())
        assert bench.state(job_id) == (JobOutcome.DONE, 1)
    assert mailbox.calls == 1
    assert ledger(bench) == [(EffectState.DONE, 1)]


def test_a_repeatable_call_found_half_done_is_made_again(bench: Bench) -> None:
    mailbox = Mailbox(REPEATABLE)
    job_id = crash(bench, mailbox, sent=True)
    bench.attempt(mailbox.actor(), job_id)
    assert bench.state(job_id) == (JobOutcome.DONE, 2)
    assert (mailbox.calls, ledger(bench)) == (2, [(EffectState.DONE, 2)])


def test_an_unrepeatable_call_found_half_done_parks_its_job_and_is_never_made_again(
    bench: Bench, said: Said, peek: Peek
) -> None:
    mailbox = Mailbox(UNREPEATABLE)
    job_id = crash(bench, mailbox, sent=True)
    bench.attempt(mailbox.actor(), job_id)
    assert bench.state(job_id) == (JobState.PARKED, 2)
    assert (mailbox.calls, ledger(bench)) == (1, [(EffectState.IN_DOUBT, 1)])
    assert said[-1]["event"] == "job.parked"
    assert said[-1]["effect"] == "mail:1"
    assert peek("SELECT parked_on FROM outrider.jobs") == [("mail:1",)]
    [(reason,)] = peek("SELECT reason FROM outrider.effects")
    assert reason == "The call was begun and its end is unknown. There is nowhere to look."


def test_another_job_with_the_same_call_parks_too(bench: Bench) -> None:
    mailbox = Mailbox(UNREPEATABLE)
    first = crash(bench, mailbox, sent=True)
    bench.attempt(mailbox.actor(), first)
    second = bench.do(mailbox.actor())
    assert bench.state(second) == (JobState.PARKED, 1)
    assert mailbox.calls == 1


def test_evidence_settles_an_unrepeatable_call_without_making_it(bench: Bench) -> None:
    mailbox = Mailbox(UNREPEATABLE, remembers=lambda: Sent(number=9))
    job_id = crash(bench, mailbox, sent=True)
    bench.attempt(mailbox.actor(), job_id)
    assert bench.state(job_id) == (JobOutcome.DONE, 2)
    assert mailbox.calls == 1
    with bench.database.tenant(bench.tenant) as tx:
        assert effects.list_all(tx)[0].response == {"number": 9}


def test_no_evidence_proves_nothing(bench: Bench, peek: Peek) -> None:
    mailbox = Mailbox(UNREPEATABLE, remembers=lambda: None)
    job_id = crash(bench, mailbox, sent=False)
    bench.attempt(mailbox.actor(), job_id)
    assert bench.state(job_id) == (JobState.PARKED, 2)
    [(reason,)] = peek("SELECT reason FROM outrider.effects")
    assert reason.endswith("No evidence was found.")


def test_evidence_that_turns_up_later_frees_every_job_parked_on_the_call(bench: Bench) -> None:
    mailbox = Mailbox(UNREPEATABLE, remembers=lambda: None)
    first = crash(bench, mailbox, sent=True)
    bench.attempt(mailbox.actor(), first)
    mailbox.remembers = lambda: Sent(number=1)
    second = bench.do(mailbox.actor())
    assert bench.state(second) == (JobOutcome.DONE, 1)
    assert bench.state(first) == (JobState.READY, 1)
    bench.attempt(mailbox.actor(), first)
    assert bench.state(first) == (JobOutcome.DONE, 2)
    assert (mailbox.calls, ledger(bench)) == (1, [(EffectState.DONE, 1)])


def test_a_parked_job_whose_attempts_are_spent_still_ends_when_the_doubt_does(
    bench: Bench, peek: Peek
) -> None:
    mailbox = Mailbox(UNREPEATABLE)
    first = crash(bench, mailbox, sent=True)
    peek("UPDATE outrider.jobs SET max_attempts = 2")
    bench.attempt(mailbox.actor(), first)
    assert bench.state(first) == (JobState.PARKED, 2)
    mailbox.remembers = lambda: Sent(number=1)
    bench.do(mailbox.actor())
    bench.attempt(mailbox.actor(), first)
    assert bench.state(first) == (JobOutcome.DONE, 2)


def test_a_doubt_that_was_settled_while_it_was_written_down_parks_nothing(bench: Bench) -> None:
    """Two jobs look for evidence at once; the second finds it while the first gives up."""
    mailbox = Mailbox(UNREPEATABLE)
    job_id = crash(bench, mailbox, sent=True)

    def found_by_another() -> None:
        with bench.database.tenant(bench.tenant) as tx:
            effects.take_over(tx, "mail:1", job_id=job_id, token=999)
            effects.settle(tx, "mail:1", token=999, response={"number": 1})

    mailbox.remembers = found_by_another
    bench.attempt(mailbox.actor(), job_id)
    assert bench.state(job_id)[0] is not JobState.PARKED
    mailbox.remembers = None
    bench.attempt(mailbox.actor(), job_id)
    assert bench.state(job_id)[0] is JobOutcome.DONE
    assert mailbox.calls == 1


@pytest.mark.parametrize("kind", EffectClass)
def test_a_call_that_certainly_did_not_happen_may_be_made_again(
    bench: Bench, kind: EffectClass
) -> None:
    mailbox = Mailbox(
        kind, fail=[Transient("refused"), RateLimited("busy", retry_after=timedelta(0))]
    )
    job_id = bench.do(mailbox.actor())
    assert bench.state(job_id) == (JobState.DELAYED, 1)
    bench.attempt(mailbox.actor(), job_id)
    assert bench.state(job_id) == (JobState.DELAYED, 1)
    bench.attempt(mailbox.actor(), job_id)
    assert bench.state(job_id) == (JobOutcome.DONE, 2)
    assert mailbox.calls == 3


def test_a_call_that_is_refused_for_good_frees_its_key_for_a_replay(bench: Bench) -> None:
    mailbox = Mailbox(UNREPEATABLE, fail=[Permanent("no such mailbox")])
    assert bench.state(bench.do(mailbox.actor())) == (JobOutcome.DEAD, 1)
    assert bench.state(bench.do(mailbox.actor())) == (JobOutcome.DONE, 1)
    assert mailbox.calls == 2


def test_a_bug_during_an_unrepeatable_call_leaves_it_in_doubt(bench: Bench) -> None:
    mailbox = Mailbox(UNREPEATABLE, fail=[ConnectionResetError("in the middle")])
    job_id = bench.do(mailbox.actor())
    bench.attempt(mailbox.actor(), job_id)
    assert bench.state(job_id) == (JobState.PARKED, 2)
    assert mailbox.calls == 1


def test_a_call_that_says_itself_that_its_end_is_unknown_parks_at_once(bench: Bench) -> None:
    mailbox = Mailbox(UNREPEATABLE, fail=[InDoubt("mail:1", "The line broke after DATA.")])
    job_id = bench.do(mailbox.actor())
    assert bench.state(job_id) == (JobState.PARKED, 1)
    assert ledger(bench) == [(EffectState.IN_DOUBT, 1)]


@pytest.mark.parametrize("kind", EffectClass)
def test_a_call_that_another_live_job_makes_is_waited_for_without_burning_an_attempt(
    bench: Bench, kind: EffectClass
) -> None:
    mailbox, met = Mailbox(kind), list[tuple[Any, int]]()
    plain = mailbox.call

    def call() -> Sent:
        second = bench.queue(OneShot())
        bench.attempt(mailbox.actor(OneShot), second)
        met.append((*bench.state(second)[:1], second))
        assert bench.state(second) == (JobState.DELAYED, 0)
        return plain()

    mailbox.call = call  # the outside world, slow
    bench.do(mailbox.actor())
    [(_, second)] = met
    mailbox.call = plain
    until(lambda: promote(bench.database))
    bench.attempt(mailbox.actor(OneShot), second)
    assert bench.state(second) == (JobOutcome.DONE, 1)
    assert mailbox.calls == 1


def test_an_answer_of_a_fenced_attempt_is_not_written(bench: Bench, database: Database) -> None:
    mailbox = Mailbox(REPEATABLE)

    def handler(_job: Toy, ctx: Context) -> None:
        def call() -> Sent:
            sweep(database, lease=timedelta(0))
            again = run_again(database, ctx.claim)
            with ctx.transaction() as tx:  # the new owner begins the same call
                effects.take_over(tx, "mail:1", job_id=again.id, token=again.token)
            return mailbox.call()

        perform(ctx, Effect("mail:1", REPEATABLE, Sent, call))

    bench.do(spec(Toy, handler))
    assert ledger(bench) == [(EffectState.INTENT, 2)]


def test_a_key_belongs_to_its_tenant(bench: Bench, database: Database) -> None:
    mailbox = Mailbox(UNREPEATABLE)
    bench.do(mailbox.actor())
    bench.tenant = tenant_called(database, "stranger")
    bench.do(mailbox.actor())
    assert mailbox.calls == 2
