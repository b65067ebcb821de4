"""What a scene saw with its own eyes, and what must hold of it: the sixteen invariants by number.

The ledger of what was asked for and what was done is kept here, never read back from the runtime:
bodies that began and ended, calls that reached the outside world, and a row that every body writes
in the transaction that counts. `verdict()` adds what `outrider doctor` finds.
"""

import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import UUID

from db import Database, invariants
from db.jobs import Unique
from schemas.base import Job
from tests import factories

REPORT = "OUTRIDER_MUTATION_REPORT"
PROMISES = {
    "I1": "what was enqueued is done, dead, cancelled or pending: nothing is lost",
    "I2": "the outside world saw each effect at most once, and that of a done job once",
    "I3": "a job completes once, and a stale token commits nothing",
    "I4": "attempts never exceed the allowed number, and poison ends in the dead letters",
    "I5": "what a dead worker ran, runs again within lease and sweep",
    "I6": "the fires of a schedule are the expected ones: no gap, no double",
    "I7": "a lane never runs more at once than its cap",
    "I8": "a lane never starts faster than its rate",
    "I9": "a small tenant does not wait for a large one",
    "I10": "step n+1 never before step n, and nothing after a stop",
    "I11": "at most one live job per key",
    "I12": "replaying everything twice repeats no effect",
    "I13": "no ticket stays dispatched longer than lease and sweep",
    "I14": "the hot table holds unfinished work and nothing else",
    "I15": "losing every ticket changes no final state",
    "I16": "nothing starts after a cancel or a pause",
}


@dataclass(frozen=True, slots=True)
class Body:
    """One run of an actor's body."""

    job_id: int
    token: int
    number: int
    began: float
    ended: float


@dataclass(slots=True)
class Witness:
    """One scene's evidence."""

    database: Database
    tenant: UUID
    peek: Callable[..., list[tuple[Any, ...]]]
    report: list[str]
    enqueued: list[int] = field(default_factory=list)
    claims: list[tuple[int, int]] = field(default_factory=list)
    """(job, token) of every body that began, in order."""
    bodies: list[Body] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def queue(
        self, *jobs: Job, tenant: UUID | None = None, after: timedelta = timedelta(0),
        unique: Unique | None = None,
    ) -> list[int]:  # fmt: skip
        """Enqueue, and write down on our own side that it was."""
        ids = factories.enqueue(
            self.database, tenant or self.tenant, *jobs, unique=unique, after=after
        )
        self.enqueued += ids
        return ids

    def body(self, work: Callable[[Any, Any], object] = lambda _job, _ctx: None) -> Any:
        """An actor's body that is watched: it works, and leaves a deed in the counting transaction."""

        def handler(job: Any, ctx: Any) -> None:
            began = monotonic()
            with self.lock:
                self.claims.append((ctx.claim.id, ctx.claim.token))
            try:
                work(job, ctx)
                with ctx.finish() as tx:
                    tx.run(
                        "INSERT INTO public.deeds (job_id, token) VALUES (%(job)s, %(token)s)",
                        {"job": ctx.claim.id, "token": ctx.claim.token},
                    )
            finally:
                with self.lock:
                    self.bodies.append(
                        Body(ctx.claim.id, ctx.claim.token, job.number, began, monotonic()))  # fmt: skip

        return handler

    def must(self, promise: str, holds: object, otherwise: str) -> None:
        """A promise that this scene put to the test."""
        assert promise in PROMISES
        if not holds:
            self.broken.append(promise)
            self.report.append(f"{promise}: {otherwise}")

    def quiet(self, *, seconds: float) -> bool:
        """Wait until nothing but parked work is left; False when that did not happen in time."""
        deadline = monotonic() + seconds
        while monotonic() < deadline:
            if not self.peek("SELECT 1 FROM outrider.jobs WHERE state <> 'parked' LIMIT 1"):
                return True
            sleep(0.02)
        return False

    def at_once(self, job_ids: Sequence[int]) -> int:
        """The most bodies of these jobs that were ever under way together."""
        mine = [body for body in self.bodies if body.job_id in job_ids]
        return max((sum(b.began <= body.began < b.ended for b in mine) for body in mine), default=0)

    def verdict(self) -> None:
        """Judge what was seen; write the names of what is broken, and fail if there are any."""
        self._ledger()
        with self.database.hat("operator") as tx:
            for found in invariants.check(tx, lease=factories.LEASE):
                self.broken.append(found.invariant)
                self.report.append(f"{found.invariant}: {found.subject} {found.problem}")
        if path := os.environ.get(REPORT):
            Path(path).write_text(json.dumps(sorted(set(self.broken))))
        assert not self.report, "\n".join(self.report)

    def _ledger(self) -> None:
        """What is asked of every scene: nothing lost, nothing twice, nobody stale."""
        alive = {n for (n,) in self.peek("SELECT id FROM outrider.jobs")}
        ended = dict(self.peek("SELECT job_id, outcome::text FROM outrider.job_log"))
        deeds = self.peek("SELECT job_id, token FROM public.deeds ORDER BY nth")
        lost = [n for n in self.enqueued if n not in alive and n not in ended]
        self.must("I1", not lost, f"jobs {lost} are neither alive nor in the log")
        both = sorted(alive & set(ended))
        self.must("I14", not both, f"jobs {both} are over and still in the hot table")
        again = [key for key, calls in self.calls.items() if calls > 1]
        self.must("I2", not again, f"the outside world saw {again} more than once")
        twice = [n for n, times in Counter(n for n, _ in deeds).items() if times > 1]
        self.must("I3", not twice, f"jobs {twice} completed more than once")
        newest = dict(self.claims)  # tokens are drawn in order of claims
        stale = [n for n, token in deeds if token != newest.get(n, token)]
        self.must("I3", not stale, f"jobs {stale} were completed under a stale token")
        unproven = {n for n, token in deeds if ended.get(n) != "done"}
        self.must("I1", not unproven, f"jobs {unproven} were done and the log does not say so")


def swallow(verb: Callable[[], object]) -> None:
    """Do something that a mutation may have broken; the evidence speaks for itself."""
    with suppress(Exception):
        verb()
