"""A ticket's jobs, from their claim to their verdicts. Actors never see any of this."""

import contextlib
import functools
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from dramatiq.middleware import TimeLimitExceeded
from pydantic import ValidationError

from db import Database, Tx, claims, lanes
from db.claims import Claim, LeaseLost
from db.pool import DatabaseAway
from providers.ports import Providers
from schemas.base import Job
from schemas.errors import Busy, Poison, RateLimited
from telemetry import logs, metrics, spoken
from workers.actor import Spec
from workers.context import Context
from workers.faults import Faults
from workers.verdicts import Verdict, fail, settle, words

log = logs.get("outrider.job")

_FAREWELL = 5.0
"""Seconds that all verdicts of a stop may wait for Postgres."""
_MEMORY = 16
"""Tickets after which a change of pace is believed."""
_DEPLOY = timedelta(seconds=30)
"""When a worker of the newer version may be there."""
_GRACE = timedelta(seconds=10)
"""Between the time limit that interrupts a thread and the deadline that gives its job away."""
_DONE = Verdict("done", {})
_FENCED = Verdict("fenced", {})


def _no_alarm(_limit: timedelta) -> None:
    """Where no thread watches the time."""


@dataclass(slots=True)
class Runner:
    """What all threads of a worker process share."""

    database: Database
    providers: Providers
    session_id: Callable[[], int]
    faults: Faults = field(default_factory=lambda: Faults(None))
    alarm: Callable[[timedelta], None] = _no_alarm
    """Interrupts the calling thread after a while, unless it is called again before."""
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set: finish the job in hand, and give back the rest of the ticket."""
    trusted: Callable[[], bool] = lambda: True
    """Whether the process's last heartbeat is recent enough to begin a call."""
    pace: float = 0.0
    """Seconds that a ticket takes lately."""
    running: dict[int, Claim] = field(default_factory=dict[int, Claim])
    """Claims whose verdict is not in, by token; a stopping process gives them back."""

    def run(self, spec: Spec, ids: Sequence[int], tenant_id: UUID | None) -> None:
        """Claim a ticket's jobs and do them; stale ones are dropped, and no failure escapes but the process's."""
        self.faults.reach("claim.before")
        try:
            mine = self._claim(spec, ids, tenant_id)
        except DatabaseAway as error:  # the ticket's lease runs out, and it is rung again
            log.warning("ticket.dropped", job_ids=list(ids), reason=str(error))
            return
        metrics.TICKETS.labels("stale").inc(len(ids) - len(mine))
        if not mine:
            return
        self.running.update({claim.token: claim for claim in mine})
        started = time.perf_counter()
        try:
            self.faults.reach("claim.after")
            if len(mine) > 1 and spec.batch:
                self._together(spec, mine)
            else:
                self._one_by_one(spec, mine)
        finally:
            spoken.forget()
            for claim in mine:
                self.running.pop(claim.token, None)
            self.pace += (time.perf_counter() - started - self.pace) / _MEMORY

    def _claim(self, spec: Spec, ids: Sequence[int], tenant_id: UUID | None) -> list[Claim]:
        # A claim that a crash of the server forgets cannot have been followed by one it remembers.
        with self.database.tenant(tenant_id, lazy=True) as tx:
            return claims.claim(
                tx,
                ids,
                actor=spec.job.name,
                session_id=self.session_id(),
                limit=spec.limit,
                grace=_GRACE,
            )

    def give_back(self) -> int:
        """Return every job whose verdict is not in, without burning its attempt; for a stop.

        The threads that still run them are fenced from now on. Returns how many were given back.
        """
        left = list(self.running.values())
        self._release(left, patience=_FAREWELL)
        return len(left)

    def _release(self, left: Iterable[Claim], *, patience: float) -> None:
        deadline = time.monotonic() + patience
        for claim in left:
            with contextlib.suppress(LeaseLost, DatabaseAway):
                settle(self.database, claim, functools.partial(_put_back, claim=claim),
                       patience=max(0.0, deadline - time.monotonic()))  # fmt: skip

    def _together(self, spec: Spec, mine: list[Claim]) -> None:
        """Do a batch at once; when that fails, one by one, each with a verdict of its own."""
        assert spec.batch
        started = time.perf_counter()
        ctx = self._context(spec, mine[0], tuple(mine[1:]))
        self.alarm(spec.limit)
        try:
            spec.batch([_parse(spec, claim) for claim in mine], ctx)
            _finish(ctx)
        except RateLimited as error:
            for claim in mine:
                verdict = functools.partial(fail, self.database, spec, claim, error)
                self._conclude(claim, started, verdict)
            return
        except (Exception, TimeLimitExceeded) as error:  # noqa: BLE001  (the edge of all actors)
            if not ctx.finished:
                log.warning("batch.split", actor=spec.job.name, jobs=len(mine),
                            error=type(error).__name__)  # fmt: skip
                self._begin_anew(spec, mine)
                self._one_by_one(spec, mine)
                return
            log.warning("job.tail_failed", error=type(error).__name__)
        for claim in mine:
            self._conclude(claim, started, lambda: _DONE)

    def _begin_anew(self, spec: Spec, mine: Sequence[Claim]) -> None:
        owned = [(claim.id, claim.token) for claim in mine]
        with contextlib.suppress(DatabaseAway), self.database.tenant(mine[0].tenant_id) as tx:
            claims.extend(tx, owned, limit=spec.limit, grace=_GRACE)

    def _one_by_one(self, spec: Spec, mine: Sequence[Claim]) -> None:
        """Each job by itself; those that wrote nothing are completed together at the end."""
        pure: list[tuple[Claim, float]] = []
        ahead = deque(mine)
        try:
            while ahead and (len(ahead) == len(mine) or not self.stopping.is_set()):
                claim, started = ahead.popleft(), time.perf_counter()
                self.alarm(spec.limit)
                with _named(claim):
                    if self._body(spec, self._context(spec, claim), started):
                        pure.append((claim, started))
            self._complete(pure)
        finally:  # whatever ended this: what was not begun belongs to others
            self._release(ahead, patience=_FAREWELL)

    def _context(self, spec: Spec, claim: Claim, others: tuple[Claim, ...] = ()) -> Context:
        return Context(self.database, self.providers, log, claim, spec.job, self.faults, others,
                       self.trusted)  # fmt: skip

    def _body(self, spec: Spec, ctx: Context, started: float) -> bool:
        """Run the actor; True when it had nothing to write and is still to be completed."""
        error: BaseException | None = None
        try:
            spec.handler(_parse(spec, ctx.claim), ctx)
            if not ctx.finished:
                return True
        except (Exception, TimeLimitExceeded) as failure:  # noqa: BLE001  (the edge of all actors)
            error = failure
        if error and ctx.finished:  # committed: what failed came after, and the work is done
            log.warning("job.tail_failed", error=type(error).__name__)
        self._conclude(ctx.claim, started, lambda: self._verdict(spec, ctx, error))
        return False

    def _verdict(self, spec: Spec, ctx: Context, error: BaseException | None) -> Verdict:
        if error is None or ctx.finished:
            return _DONE
        return (
            _FENCED if isinstance(error, LeaseLost) else fail(self.database, spec, ctx.claim, error)
        )

    def _complete(self, pure: Sequence[tuple[Claim, float]]) -> None:
        """Write down in one transaction that these jobs, which wrote nothing, are done."""
        if not pure:
            return
        owned = [(claim.id, claim.token) for claim, _ in pure]
        done: set[int] = set()
        away: DatabaseAway | None = None

        def write(tx: Tx) -> None:
            done.update(claims.complete_all(tx, owned))

        try:
            settle(self.database, pure[0][0], write)
        except DatabaseAway as error:
            away = error
        else:
            self.faults.reach("commit.after")
        for claim, started in pure:
            verdict = _DONE if claim.id in done else _FENCED
            if away:
                verdict = Verdict("unsettled", {"reason": words(away)})
            self._conclude(claim, started, functools.partial(_same, verdict))

    def _conclude(self, claim: Claim, started: float, decide: Callable[[], Verdict]) -> None:
        """Bring a verdict about, tell it, and let go of the claim."""
        seconds = time.perf_counter() - started
        try:
            verdict = decide()
        except LeaseLost:  # only when its failure was to be written down
            verdict = _FENCED
        except DatabaseAway as error:  # the deadline gives the job to somebody else
            verdict = Verdict("unsettled", {"reason": words(error)})
        if verdict is _DONE and claim.troubled:
            with contextlib.suppress(DatabaseAway), self.database.tenant(claim.tenant_id) as tx:
                lanes.note_success(tx, claim.lane_id)
        self.running.pop(claim.token, None)
        with _named(claim):
            _report(claim, verdict, seconds)


def _parse(spec: Spec, claim: Claim) -> Job:
    if claim.version > spec.job.version:
        raise Busy(
            f"{spec.job.name} version {claim.version} is newer than this worker.",
            retry_after=_DEPLOY,
        )
    try:
        return spec.job.model_validate(claim.payload)
    except ValidationError as error:
        raise Poison(_first_problem(error)) from None


def _finish(ctx: Context) -> None:
    """A handler with nothing to write need not say so."""
    if not ctx.finished:
        with ctx.finish():
            pass


def _same(verdict: Verdict) -> Verdict:
    return verdict


def _put_back(tx: Tx, *, claim: Claim) -> None:
    claims.release(tx, claim.id, claim.token, after=timedelta(0), error="ShutDown")


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"payload.{where}: {first['msg']}."


@contextlib.contextmanager
def _named(claim: Claim) -> Generator[None]:
    logs.bind(actor=claim.actor, job_id=claim.id, tenant_id=str(claim.tenant_id or ""),
              attempt=claim.attempt, trace_id=claim.trace_id or "")  # fmt: skip
    try:
        yield
    finally:
        logs.clear()


_LEVELS = {"done": "info", "postponed": "info", "fenced": "warning", "failed": "warning"}


def _report(claim: Claim, verdict: Verdict, seconds: float) -> None:
    wait = claim.waited.total_seconds()
    metrics.JOBS.labels(claim.actor, verdict.outcome).inc()
    metrics.JOB_SECONDS.labels(claim.actor).observe(seconds)
    if claim.attempt == 1:
        metrics.WAIT_SECONDS.labels(claim.actor).observe(wait)
    if verdict.outcome == "fenced":
        metrics.LEASE_LOST.inc()
    write = getattr(log, _LEVELS.get(verdict.outcome, "error"))
    write(f"job.{verdict.outcome}", ms=round(seconds * 1000, 1), wait_ms=round(wait * 1000, 1),
          **verdict.facts)  # fmt: skip
