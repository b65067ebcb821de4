"""A call with a guard at its claim, and what is written beside its claim and its end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from db import Tx, effects
from schemas.base import Value
from schemas.enums import EffectClass, EffectState, JobOutcome, JobState
from schemas.errors import JobError, Permanent, Transient, Unanswered
from tests.factories import OneShot, Toy
from tests.fix_world import Bench, Said, spec
from workers.actor import Spec
from workers.context import Context
from workers.effects import Effect, perform

Peek = Callable[..., list[tuple[Any, ...]]]
UNREPEATABLE, REPEATABLE = EffectClass.UNREPEATABLE, EffectClass.REPEATABLE


class Sent(Value):
    number: int


class Stopped(Permanent):
    """The guard says no."""


@dataclass
class Post:
    """A call whose guard counts in the database, like the cap of a mailbox."""

    kind: EffectClass = UNREPEATABLE
    job: type[Toy] = Toy
    stopped: bool = False
    error: JobError | None = None
    remembers: bool = False
    calls: int = 0
    undone: list[str] = field(default_factory=list)

    def actor(self) -> Spec:
        def handler(_job: Toy, ctx: Context) -> None:
            perform(ctx, Effect(
                "mail:1", self.kind, Sent, self.call, self.evidence, self.guard, self.undo, self.done))  # fmt: skip

        return spec(self.job, handler)

    def call(self) -> Sent:
        self.calls += 1
        if self.error:
            error, self.error = self.error, None
            raise error
        return Sent(number=self.calls)

    def evidence(self) -> Sent | None:
        return Sent(number=99) if self.remembers else None

    def guard(self, tx: Tx) -> None:
        note(tx, "guarded")
        if self.stopped:
            raise Stopped("The enrollment was stopped.")

    def undo(self, tx: Tx, error: JobError) -> None:
        note(tx, "undone")
        self.undone.append(type(error).__name__)

    def done(self, tx: Tx, answer: Sent) -> None:
        note(tx, f"done {answer.number}")


def note(tx: Tx, name: str) -> None:
    tx.run("INSERT INTO outrider.companies (name) VALUES (%(name)s)", {"name": name})


def notes(peek: Peek) -> list[str]:
    return [str(name) for (name,) in peek("SELECT name FROM outrider.companies ORDER BY id")]


def ledger(bench: Bench) -> list[EffectState]:
    with bench.database.tenant(bench.tenant) as tx:
        return [effect.state for effect in effects.list_all(tx)]


def test_a_guard_and_the_end_are_written_with_the_call(bench: Bench, peek: Peek) -> None:
    post = Post()
    bench.do(post.actor())
    assert notes(peek) == ["guarded", "done 1"]
    bench.do(post.actor())  # a replay
    assert (post.calls, notes(peek)) == (1, ["guarded", "done 1"])


def test_a_guard_that_refuses_leaves_no_claim_behind(bench: Bench, peek: Peek) -> None:
    post = Post(stopped=True, job=OneShot)
    bench.do(post.actor())
    assert (post.calls, notes(peek), ledger(bench)) == (0, [], [])
    post.stopped = False
    bench.do(post.actor())
    assert (post.calls, ledger(bench)) == (1, [EffectState.DONE])


@pytest.mark.parametrize("error", [Transient("No route."), Permanent("No such user.")])
def test_what_a_guard_wrote_is_taken_back_when_nothing_happened(
    bench: Bench, peek: Peek, error: JobError
) -> None:
    post = Post(error=error)
    job_id = bench.do(post.actor())
    assert notes(peek) == ["guarded", "undone"]
    assert post.undone == [type(error).__name__]
    if isinstance(error, Transient):
        bench.attempt(post.actor(), job_id)  # the guard is asked again, for every new call
        assert notes(peek) == ["guarded", "undone", "guarded", "done 2"]


def test_an_unrepeatable_call_without_an_answer_is_a_doubt(
    bench: Bench, peek: Peek, said: Said
) -> None:
    post = Post(error=Unanswered("The connection ended after the last byte."))
    job_id = bench.do(post.actor())
    assert bench.state(job_id) == (JobState.PARKED, 1)
    assert ledger(bench) == [EffectState.IN_DOUBT]
    assert notes(peek) == ["guarded"], "what the guard wrote stays: the mail may be out"
    assert not [line for line in said if line["log_level"] == "critical"]


def test_evidence_settles_a_call_without_an_answer(bench: Bench, peek: Peek) -> None:
    post = Post(error=Unanswered("The connection ended."), remembers=True)
    job_id = bench.do(post.actor())
    assert bench.state(job_id) == (JobOutcome.DONE, 1)
    assert (post.calls, notes(peek)) == (1, ["guarded", "done 99"])


def test_a_repeatable_call_without_an_answer_is_made_again(bench: Bench, peek: Peek) -> None:
    post = Post(kind=REPEATABLE, error=Unanswered("The answer was lost."))
    job_id = bench.do(post.actor())
    bench.attempt(post.actor(), job_id)
    assert bench.state(job_id) == (JobOutcome.DONE, 2)
    assert (post.calls, ledger(bench)) == (2, [EffectState.DONE])
    assert notes(peek)[-1] == "done 2"


def test_a_process_whose_lease_may_be_over_begins_no_call(bench: Bench, peek: Peek) -> None:
    post = Post()
    bench.runner.trusted = lambda: False
    job_id = bench.do(post.actor())
    assert post.calls == 0
    assert len(post.undone) == 1
    assert bench.state(job_id) == (JobState.DELAYED, 1)
    assert peek("SELECT state, token FROM outrider.effects") == [("intent", 0)]
    bench.runner.trusted = lambda: True
    bench.attempt(post.actor(), job_id)
    assert (post.calls, bench.state(job_id)) == (1, (JobOutcome.DONE, 2))
