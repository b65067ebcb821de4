"""The protocol for calls to the outside world: claim, call, settle; and what a crash leaves behind.

    pure          no call at all: the fence of `finish()` is enough
    repeatable    intent → call → settle; found half done: call again
    unrepeatable  the same; found half done: look for evidence, and without it stop and say so

A call is keyed by what it means in the business, never by the job, so a replay finds what its
predecessor did. Refuses to guess.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Generic, TypeVar

from db import Tx, claims, effects
from schemas.base import Value
from schemas.enums import EffectClass, EffectState
from schemas.errors import Busy, JobError, Permanent, Transient, Unanswered
from workers.context import Context

V = TypeVar("V", bound=Value)

_BUSY = timedelta(milliseconds=250)
"""How long to stand back while another job makes the same call."""


class InDoubt(JobError):
    """Nobody can tell whether the call happened; a person or new evidence has to."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Effect(Generic[V]):
    """One call: its business key, how to make it, and how to find out whether it was made.

    `call` raises Transient or Permanent only when certainly nothing happened, Unanswered when it
    may have; any other exception leaves the call in doubt as well. `evidence` answers with what the
    call would have, or None when it found nothing (which proves nothing).
    `guard` runs in the transaction that claims a new call, and refuses it by raising: whatever it
    locks or reads there holds at the claim. `undo` takes back what `guard` wrote, in the transaction
    that frees a call that certainly did not happen; `done` runs in the one that settles it.
    """

    key: str
    kind: EffectClass
    answer: type[V]
    call: Callable[[], V]
    evidence: Callable[[], V | None] | None = None
    guard: Callable[[Tx], None] | None = None
    undo: Callable[[Tx, JobError], None] | None = None
    done: Callable[[Tx, V], None] | None = None


class _Next(Enum):
    CALL = auto()
    LOOK = auto()


def perform(ctx: Context, effect: Effect[V]) -> V:
    """Make the call, or give back what an earlier one answered.

    Raises Busy while another live job makes the same call, InDoubt when an unrepeatable
    call was begun and nothing shows how it ended, LeaseLost, and whatever `guard` and `call` raise.
    ValueError in a batch: a call belongs to one job, whose token answers for it.
    """
    if ctx.others:
        raise ValueError(f"{ctx.job.name}: a batch of jobs makes no calls to the outside world.")
    decision = _claim(ctx, effect)
    if isinstance(decision, Value):
        return decision
    if decision is _Next.LOOK:
        return _find_evidence(ctx, effect)
    ctx.faults.reach("effect.after_intent")
    try:
        answer = _call(ctx, effect)
    except Unanswered:
        if effect.kind is EffectClass.REPEATABLE:
            raise
        return _find_evidence(ctx, effect)
    ctx.faults.reach("effect.after_call")
    _settle(ctx, effect, answer)
    # Its kind: the key of a look-up names the site of a person, and the job names the call.
    ctx.log.info("effect.settled", effect=effect.key.partition(":")[0])
    return answer


def _claim(ctx: Context, effect: Effect[V]) -> V | _Next:
    mine = {"job_id": ctx.claim.id, "token": ctx.claim.token}
    with ctx.transaction() as tx:
        claims.hold(tx, **mine)  # a worker that lost its job begins no new call
        if effects.claim(tx, effect.key, effect.kind, **mine):
            return _allowed(tx, effect)
        known = effects.get_locked(tx, effect.key)
        if known.state is EffectState.DONE:
            return effect.answer.model_validate(known.response)
        if known.live and known.token != ctx.claim.token:
            raise Busy(f"Job {known.job_id} is making this call.", retry_after=_BUSY)
        if effect.kind is EffectClass.REPEATABLE or known.released:
            effects.take_over(tx, effect.key, **mine)
            return _allowed(tx, effect)
        return _Next.LOOK


def _allowed(tx: Tx, effect: Effect[V]) -> _Next:
    if effect.guard:
        effect.guard(tx)
    return _Next.CALL


def _call(ctx: Context, effect: Effect[V]) -> V:
    try:
        _live(ctx)
        return effect.call()
    except (Transient, Permanent) as error:
        with ctx.transaction() as tx:
            if effects.release(tx, effect.key, token=ctx.claim.token) and effect.undo:
                effect.undo(tx, error)
        raise


def _live(ctx: Context) -> None:
    """Frozen or cut off since the claim, a process may have been given up, and others act on that."""
    if not ctx.trusted():
        raise Transient("This process has not renewed its lease; it begins no call.")


def _find_evidence(ctx: Context, effect: Effect[V]) -> V:
    found = effect.evidence() if effect.evidence else None
    if found is None:
        looked = "No evidence was found" if effect.evidence else "There is nowhere to look"
        raise InDoubt(effect.key, f"The call was begun and its end is unknown. {looked}.")
    with ctx.transaction() as tx:
        effects.prove(tx, effect.key, job_id=ctx.claim.id, token=ctx.claim.token,
                      response=found.to_json())  # fmt: skip
        if effect.done:
            effect.done(tx, found)
        claims.unpark(tx, effect_key=effect.key)
    return found


def _settle(ctx: Context, effect: Effect[V], answer: V) -> None:
    # Its own transaction, before the body goes on: the sooner it is known, the less is repeated.
    with ctx.transaction() as tx:
        effects.settle(tx, effect.key, token=ctx.claim.token, response=answer.to_json())
        if effect.done:
            effect.done(tx, answer)
        claims.unpark(tx, effect_key=effect.key)  # of those who gave up on us meanwhile
