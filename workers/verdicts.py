"""What becomes of an attempt that failed: wait, go on later, stand aside, or give up.

Every verdict is one transaction under the claim's token, and waits for Postgres if it must.
"""

import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

from dramatiq.middleware import TimeLimitExceeded
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from db import Database, Tx, claims, dead, dead_news, effects, lanes
from db.pool import DatabaseAway
from schemas.errors import Busy, JobError, Permanent, RateLimited, Transient, Unanswered
from telemetry import logs, sentry
from telemetry.redaction import scrub_text
from workers.actor import Spec
from workers.effects import InDoubt

log = logs.get("outrider.job")

PATIENCE: Final = 60.0
"""Seconds a verdict waits for Postgres in the middle of work; then the deadline decides."""
_MOMENT = timedelta(milliseconds=250)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an attempt ended, for the log, and what there is to know about it."""

    outcome: str
    facts: dict[str, object]


def fail(database: Database, spec: Spec, claim: claims.Claim, error: BaseException) -> Verdict:
    """Write down what follows from `error`. Raises LeaseLost, and DatabaseAway after a minute."""
    known: dict[str, object] = {"error": type(error).__name__, "reason": words(error)}
    if isinstance(error, RateLimited):
        return _postpone(database, claim, error, known)
    if isinstance(error, InDoubt):
        settle(database, claim, lambda tx: _park(tx, claim, error))
        return Verdict("parked", {**known, "effect": error.key})
    if isinstance(error, Permanent) or claim.attempt >= claim.max_attempts:
        return _bury(database, spec, claim, error, known)
    return _retry(database, spec, claim, error, known)


def settle(
    database: Database,
    claim: claims.Claim,
    verdict: Callable[[Tx], object],
    *,
    patience: float = PATIENCE,
) -> None:
    """Write a verdict, and wait `patience` seconds for Postgres. Raises DatabaseAway after that."""
    trying = Retrying(
        retry=retry_if_exception_type(DatabaseAway),
        wait=wait_fixed(0.5),
        stop=stop_after_delay(patience),
        reraise=True,
    )
    for attempt in trying:
        with (
            attempt,
            database.tenant(claim.tenant_id, trace_id=claim.trace_id or "", job_id=claim.id) as tx,
        ):
            verdict(tx)


def _postpone(
    database: Database, claim: claims.Claim, error: RateLimited, known: dict[str, object]
) -> Verdict:
    later = _no_stampede(error.retry_after)

    def stand_aside(tx: Tx) -> None:
        if not isinstance(error, Busy):
            lanes.block(tx, claim.lane_id, wait=later, because=_line(error))
        claims.release(tx, claim.id, claim.token, after=later, error=_line(error))

    settle(database, claim, stand_aside)
    return Verdict("postponed", {**known, "seconds": later.total_seconds()})


def _retry(
    database: Database,
    spec: Spec,
    claim: claims.Claim,
    error: BaseException,
    known: dict[str, object],
) -> Verdict:
    pause = spec.retry.pause(claim.attempt)

    def back_off(tx: Tx) -> None:
        claims.retry(tx, claim.id, claim.token, after=pause, error=_line(error))
        _count(tx, spec, claim, error)

    settle(database, claim, back_off)
    if not isinstance(error, (Transient, Unanswered, TimeLimitExceeded)):
        sentry.bug(error, actor=claim.actor)
    return Verdict("failed", {**known, "seconds": pause.total_seconds()})


def _bury(
    database: Database,
    spec: Spec,
    claim: claims.Claim,
    error: BaseException,
    known: dict[str, object],
) -> Verdict:
    prints, news = fingerprint(claim.actor, error), False

    def give_up(tx: Tx) -> None:
        nonlocal news
        letter = dead.bury(tx, claim.id, claim.token, error_class=type(error).__name__,
                           message=words(error), fingerprint=prints)  # fmt: skip
        _count(tx, spec, claim, error)
        news = dead_news.is_news(tx, letter)

    settle(database, claim, give_up)
    if news:
        sentry.dead(error, actor=claim.actor, fingerprint=prints)
    return Verdict("dead", {**known, "fingerprint": prints})


def _count(tx: Tx, spec: Spec, claim: claims.Claim, error: BaseException) -> None:
    """A failure of the outside world counts against the lane; a bug or a bad job does not."""
    opens_after = spec.rule.opens_after
    if opens_after is None or not isinstance(error, (Transient, Unanswered, TimeLimitExceeded)):
        return
    if lanes.note_failure(tx, claim.lane_id, opens_after=opens_after, because=_line(error)):
        log.warning("lane.opened", lane_id=claim.lane_id, reason=type(error).__name__)


def _park(tx: Tx, claim: claims.Claim, doubt: InDoubt) -> None:
    if effects.doubt(tx, doubt.key, token=claim.token, reason=doubt.reason):
        claims.park(tx, claim.id, claim.token, effect_key=doubt.key, reason=doubt.reason)
    else:  # somebody found out while we looked
        claims.release(tx, claim.id, claim.token, after=timedelta(0), error="Settled meanwhile")


def _no_stampede(wait: timedelta) -> timedelta:
    """At least a moment, and not the same for everybody: "now" would be a loop without attempts."""
    return max(wait, _MOMENT) * random.uniform(1.0, 1.25)  # noqa: S311  (jitter, not a secret)


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {words(error)}"


def words(error: BaseException) -> str:
    """An error's text as Postgres can hold it: it may quote a stranger's NUL or half a pair."""
    return scrub_text(str(error)[:4000]).encode(errors="replace").decode().replace("\0", "�")


def fingerprint(actor: str, error: BaseException) -> str:
    """Which bug this is: the actor, the error's class, and where it was raised; never its text."""
    frames = traceback.extract_tb(error.__traceback__)
    where = frames[-1].name if frames and not isinstance(error, JobError) else ""
    return sha256(f"{actor}|{type(error).__name__}|{where}".encode()).hexdigest()[:16]
