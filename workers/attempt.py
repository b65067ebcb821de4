"""One attempt at one job, from ticket to verdict. Actors never see any of this."""

import contextlib
import functools
import random
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from dramatiq.middleware import TimeLimitExceeded
from pydantic import ValidationError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from db import Database, Tx, claims, dead, effects
from db.claims import LeaseLost
from db.pool import DatabaseAway
from providers.ports import Providers
from schemas.errors import JobError, Permanent, Poison, RateLimited, Transient, Unanswered
from telemetry import logs, metrics, sentry
from telemetry.redaction import scrub_text
from workers.actor import Spec
from workers.context import Context
from workers.effects import InDoubt
from workers.faults import Faults

log = logs.get("outrider.job")

_PATIENCE, _FAREWELL = 60.0, 5.0
"""Seconds a verdict waits for Postgres: in the middle of work, and all of them at a stop."""
_MOMENT = timedelta(milliseconds=250)
_DEPLOY = timedelta(seconds=30)
"""When a worker of the newer version may be there."""
_GRACE = timedelta(seconds=10)
"""Between the time limit that interrupts a thread and the deadline that gives its job away."""


@dataclass(slots=True)
class Runner:
    """What all threads of a worker process share."""

    database: Database
    providers: Providers
    session_id: Callable[[], int]
    faults: Faults = field(default_factory=lambda: Faults(None))
    running: dict[int, claims.Claim] = field(default_factory=dict[int, claims.Claim])
    """Claims whose verdict is not in, by token; a stopping process gives them back."""

    def run(self, spec: Spec, job_id: int, tenant_id: UUID | None) -> None:
        """Claim a job and do it; a stale ticket is dropped, and no failure escapes but the process's."""
        self.faults.reach("claim.before")
        try:
            claim = self._claim(spec, job_id, tenant_id)
        except DatabaseAway as error:  # the ticket's lease runs out, and it is rung again
            log.warning("ticket.dropped", job_id=job_id, reason=str(error))
            return
        if claim is None:
            metrics.TICKETS.labels("stale").inc()
            return
        self.running[claim.token] = claim
        try:
            self._attempt(spec, claim)
        finally:
            self.running.pop(claim.token, None)

    def _claim(self, spec: Spec, job_id: int, tenant_id: UUID | None) -> claims.Claim | None:
        with self.database.tenant(tenant_id) as tx:
            return claims.claim(
                tx,
                job_id,
                actor=spec.job.name,
                session_id=self.session_id(),
                limit=spec.limit + _GRACE,
            )

    def give_back(self) -> int:
        """Return every job whose verdict is not in, without burning its attempt; for a stop.

        The threads that still run them are fenced from now on. Returns how many were given back.
        """
        left = list(self.running.values())
        deadline = time.monotonic() + _FAREWELL
        for claim in left:
            patience = max(0.0, deadline - time.monotonic())
            with contextlib.suppress(LeaseLost, DatabaseAway):
                self._settle(claim, functools.partial(_release, claim=claim), patience=patience)
        return len(left)

    def _attempt(self, spec: Spec, claim: claims.Claim) -> None:
        self.faults.reach("claim.after")
        ctx = Context(self.database, self.providers, log, claim, spec.job, self.faults)
        logs.bind(actor=claim.actor, job_id=claim.id, tenant_id=str(claim.tenant_id or ""),
                  attempt=claim.attempt, trace_id=claim.trace_id or "")  # fmt: skip
        started = time.perf_counter()
        try:
            outcome, facts = self._verdict(spec, ctx)
            seconds = time.perf_counter() - started
            _report(claim, outcome, facts, seconds)
        finally:
            logs.clear()

    def _verdict(self, spec: Spec, ctx: Context) -> tuple[str, dict[str, object]]:
        try:
            return self._outcome(spec, ctx)
        except LeaseLost:  # in the body, or only when its failure was to be written down
            return "fenced", {}
        except DatabaseAway as error:  # the deadline gives the job to somebody else
            return "unsettled", {"reason": _words(error)}

    def _outcome(self, spec: Spec, ctx: Context) -> tuple[str, dict[str, object]]:
        try:
            _body(spec, ctx)
        except LeaseLost:
            raise
        except (Exception, TimeLimitExceeded) as error:  # noqa: BLE001  (the edge of all actors)
            if not ctx.finished:
                return self._fail(spec, ctx, error)
            # Committed: what failed came after, and the work is done.
            log.warning("job.tail_failed", error=type(error).__name__)
        return "done", {}

    def _fail(
        self, spec: Spec, ctx: Context, error: BaseException
    ) -> tuple[str, dict[str, object]]:
        claim, reason = ctx.claim, f"{type(error).__name__}: {_words(error)}"
        known: dict[str, object] = {"error": type(error).__name__, "reason": _words(error)}
        if isinstance(error, RateLimited):
            later = _no_stampede(error.retry_after)
            self._settle(claim, lambda tx: claims.release(
                tx, claim.id, claim.token, after=later, error=reason))  # fmt: skip
            return "postponed", {**known, "seconds": later.total_seconds()}
        if isinstance(error, InDoubt):
            doubt = error
            self._settle(claim, lambda tx: _park(tx, claim, doubt))
            return "parked", {**known, "effect": error.key}
        if isinstance(error, Permanent) or claim.attempt >= claim.max_attempts:
            return self._bury(claim, error, known)
        pause = spec.retry.pause(claim.attempt)
        self._settle(claim, lambda tx: claims.retry(
            tx, claim.id, claim.token, after=pause, error=reason))  # fmt: skip
        if not isinstance(error, (Transient, Unanswered, TimeLimitExceeded)):
            sentry.bug(error, actor=claim.actor)
        return "failed", {**known, "seconds": pause.total_seconds()}

    def _bury(
        self, claim: claims.Claim, error: BaseException, known: dict[str, object]
    ) -> tuple[str, dict[str, object]]:
        prints = fingerprint(claim.actor, error)
        self._settle(claim, lambda tx: dead.bury(
            tx, claim.id, claim.token, error_class=type(error).__name__,
            message=_words(error), fingerprint=prints))  # fmt: skip
        sentry.dead(error, actor=claim.actor, fingerprint=prints)
        return "dead", {**known, "fingerprint": prints}

    def _settle(
        self, claim: claims.Claim, verdict: Callable[[Tx], object], *, patience: float = _PATIENCE
    ) -> None:
        """Write a verdict, and wait `patience` seconds for Postgres; then the deadline decides."""
        trying = Retrying(
            retry=retry_if_exception_type(DatabaseAway),
            wait=wait_fixed(0.5),
            stop=stop_after_delay(patience),
            reraise=True,
        )
        for attempt in trying:
            with (
                attempt,
                self.database.tenant(
                    claim.tenant_id, trace_id=claim.trace_id or "", job_id=claim.id
                ) as tx,
            ):
                verdict(tx)


def _body(spec: Spec, ctx: Context) -> None:
    if ctx.claim.version > spec.job.version:
        raise RateLimited(
            f"{spec.job.name} version {ctx.claim.version} is newer than this worker.",
            retry_after=_DEPLOY,
        )
    try:
        job = spec.job.model_validate(ctx.claim.payload)
    except ValidationError as error:
        raise Poison(_first_problem(error)) from None
    spec.handler(job, ctx)
    if not ctx.finished:  # a handler with nothing to write need not say so
        with ctx.finish():
            pass


def _no_stampede(wait: timedelta) -> timedelta:
    """At least a moment, and not the same for everybody: "now" would be a loop without attempts."""
    return max(wait, _MOMENT) * random.uniform(1.0, 1.25)  # noqa: S311  (jitter, not a secret)


def _release(tx: Tx, *, claim: claims.Claim) -> None:
    claims.release(tx, claim.id, claim.token, after=timedelta(0), error="ShutDown")


def _park(tx: Tx, claim: claims.Claim, doubt: InDoubt) -> None:
    if effects.doubt(tx, doubt.key, token=claim.token, reason=doubt.reason):
        claims.park(tx, claim.id, claim.token, effect_key=doubt.key, reason=doubt.reason)
    else:  # somebody found out while we looked
        claims.release(tx, claim.id, claim.token, after=timedelta(0), error="Settled meanwhile")


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"payload.{where}: {first['msg']}."


def _words(error: BaseException) -> str:
    """An error's text as Postgres can hold it: it may quote a stranger's NUL or half a pair."""
    return scrub_text(str(error)[:4000]).encode(errors="replace").decode().replace("\0", "�")


def fingerprint(actor: str, error: BaseException) -> str:
    """Which bug this is: the actor, the error's class, and where it was raised; never its text."""
    frames = traceback.extract_tb(error.__traceback__)
    where = frames[-1].name if frames and not isinstance(error, JobError) else ""
    return sha256(f"{actor}|{type(error).__name__}|{where}".encode()).hexdigest()[:16]


_LEVELS = {"done": "info", "postponed": "info", "fenced": "warning", "failed": "warning"}


def _report(claim: claims.Claim, outcome: str, facts: dict[str, object], seconds: float) -> None:
    wait = claim.waited.total_seconds()
    metrics.JOBS.labels(claim.actor, outcome).inc()
    metrics.JOB_SECONDS.labels(claim.actor).observe(seconds)
    if claim.attempt == 1:
        metrics.WAIT_SECONDS.labels(claim.actor).observe(wait)
    if outcome == "fenced":
        metrics.LEASE_LOST.inc()
    write = getattr(log, _LEVELS.get(outcome, "error"))
    write(f"job.{outcome}", ms=round(seconds * 1000, 1), wait_ms=round(wait * 1000, 1), **facts)
