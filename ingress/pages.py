"""`/health` for people: what runs, what waits, what needs somebody. Names no person and no address."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from db import fleet_views, health, sessions
from db.fleet_views import Depth
from db.health import Troubles
from db.pool import DatabaseAway
from ingress.health import Health
from ingress.html import page
from schemas.enums import JobState

_LONG = timedelta(minutes=5)
"""A job that was ready for so long is not waiting its turn: too few workers run its actor."""

_WORDS = {"ok": "All is well", "attention": "Needs attention", "down": "Down"}


@dataclass(frozen=True, slots=True)
class Worker:
    """A live worker process."""

    session: int
    actors: list[str]
    threads: int
    silent_seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """The fleet at one moment. `reasons` say what is wrong and what to do, the worst first."""

    status: Literal["ok", "attention", "down"]
    reasons: list[str]
    database: Literal["ready", "not ready"]
    redis: str
    workers: list[Worker] = field(default_factory=list[Worker])
    queue: list[Depth] = field(default_factory=list[Depth])
    troubles: Troubles | None = None


@dataclass(frozen=True, slots=True)
class HealthPage:
    """The page, and the same as one JSON document for who asks for that."""

    health: Health
    lease: timedelta

    async def show(self, request: Request) -> Response:
        """200, or 503 when nothing would be stored; HTML unless `Accept` prefers JSON."""
        report = await run_in_threadpool(self.read)
        status = 503 if report.status == "down" else 200
        if _wants_json(request.headers.get("accept", "")):
            return JSONResponse(
                asdict(report), status_code=status, headers={"Cache-Control": "no-store"}
            )
        return page("health", status=status, report=report, span=_span, word=_WORDS[report.status])

    def read(self) -> Report:
        """Ask everybody once. Never fails: who does not answer is what the report says."""
        problem, redis = self.health.check()
        if problem is None:
            try:
                return self._read(redis)
            except DatabaseAway:
                problem = "OUTRIDER_DATABASE_URL: Postgres does not answer."
        return Report("down", [problem], "not ready", redis)

    def _read(self, redis: str) -> Report:
        with self.health.database.hat("dispatcher") as tx:
            live = sessions.list_live(tx)
        with self.health.database.hat("operator") as tx:
            depths, troubles = fleet_views.depth(tx), health.troubles(tx)
        workers = [
            Worker(one.id, one.actors, one.threads, round(one.silent.total_seconds(), 1))
            for one in live
        ]
        reasons = [
            *_of_the_fleet(redis, workers, self.lease), *_of_the_queue(depths), *_of(troubles)
        ]  # fmt: skip
        status = "attention" if reasons else "ok"
        return Report(status, reasons, "ready", redis, workers, depths, troubles)


def _wants_json(accept: str) -> bool:
    return "json" in accept and "text/html" not in accept


def _of_the_fleet(redis: str, workers: list[Worker], lease: timedelta) -> Iterator[str]:
    if not workers:
        yield "No worker process runs: what comes in is stored, and waits. Start `outrider worker`."
    for worker in workers:
        if worker.silent_seconds > lease.total_seconds():
            yield f"Worker {worker.session} is silent; its work is given to the others."
    if redis == "away":
        yield "Redis does not answer: nothing is lost, and no work starts until it is back."


def _of_the_queue(depths: list[Depth]) -> Iterator[str]:
    for depth in depths:
        if depth.state is JobState.READY and depth.oldest_seconds > _LONG.total_seconds():
            yield f"{depth.actor}: a job is ready for {_span(depth.oldest_seconds)}; add workers."


def _of(troubles: Troubles) -> Iterator[str]:
    for count, one, many, command in (
        (troubles.doubts, "call is", "calls are", "in doubt: `outrider jobs doubts`"),
        (troubles.dead_letters, "job", "jobs", "gave up: `outrider dead list`"),
        (troubles.paused_actors, "actor is", "actors are", "paused: `outrider jobs list`"),
        (troubles.paused_tenants, "tenant is", "tenants are", "paused: `outrider jobs list`"),
        (troubles.paused_mailboxes, "mailbox is", "mailboxes are", "paused: `outrider mailboxes list`"),
    ):  # fmt: skip
        if count:
            yield f"{count} {one if count == 1 else many} {command}."


def _span(seconds: float) -> str:
    """A length of time for people: 8 s, 12 min, 3 h, 2 d."""
    for unit, size, most in (("s", 1, 120), ("min", 60, 120), ("h", 3600, 48)):
        if seconds < size * most:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"
