"""Jobs that gave up, and what becomes of their replays."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from db import Database, dead
from db.dead import Which
from schemas.base import Job
from schemas.enums import JobOutcome, JobState
from tests.factories import LIMIT, claim, enqueue, session
from tests.fix_world import Bench
from workers.actor import registered
from workers.forecasts import Forecast, forecast_all
from workers.foresight import Ending
from workers.replay import Order, replay_all

Peek = Callable[..., list[tuple[Any, ...]]]


@dataclass(slots=True)
class Morgue:
    """Buries jobs without running them, foresees their replays, and makes them come true."""

    database: Database
    tenant: UUID
    peek: Peek
    bench: Bench

    def bury(self, job: Job, *, tenant_id: UUID | None = None, message: str = "A bug.",
             fingerprint: str = "print", effect_keys: tuple[str, ...] = ()) -> int:  # fmt: skip
        """The letter of a job that gave up before it did anything."""
        owner = tenant_id or self.tenant
        [job_id] = enqueue(self.database, owner, job)
        self.peek(
            """
            UPDATE outrider.jobs SET state = 'dispatched', lease_until = clock_timestamp() + interval '9 s'
             WHERE id = %s
            """, job_id)  # fmt: skip
        claimed = claim(
            self.database, owner, job_id, session_id=session(self.database), limit=LIMIT
        )
        assert claimed
        with self.database.tenant(owner) as tx:
            letter = dead.bury(tx, claimed.id, claimed.token, error_class="ValueError",
                               message=message, fingerprint=fingerprint)  # fmt: skip
        if effect_keys:
            self.peek("UPDATE outrider.dead_letters SET effect_keys = %s WHERE id = %s",
                      list(effect_keys), letter)  # fmt: skip
        return letter

    def forecast(self, *ids: int) -> list[Forecast]:
        """What a dry run says, oldest letter first."""
        which = Which(ids=list(ids) or None)
        return [one for part in forecast_all(self.database, which) for one in part]

    def replay(self, *ids: int) -> list[int]:
        """The new jobs of letters (all that are open, when none are named)."""
        order = Order("ann", "fixed")
        ends = replay_all(self.database, Which(ids=list(ids) or None), order)
        return [one.job_id for end in ends for one in end.tied]

    def attempt(self, job_id: int) -> Ending:
        """One attempt at a job, however long it would wait, if nothing forbids to start it; its end."""
        self.peek(
            "UPDATE outrider.jobs SET state = 'ready' WHERE id = %s AND state = 'delayed'", job_id
        )
        if not self.peek("SELECT 1 FROM outrider.pauses"):
            self.peek(
                """
                UPDATE outrider.jobs SET state = 'dispatched',
                       lease_until = clock_timestamp() + interval '9 s' WHERE id = %s AND state = 'ready'
                """, job_id)  # fmt: skip
            [(actor,)] = self.peek("SELECT actor FROM outrider.jobs WHERE id = %s", job_id)
            self.bench.runner.run(registered()[actor], [job_id], self.tenant)
        return ENDS[self.bench.state(job_id)[0]]


ENDS: dict[JobState | JobOutcome, Ending] = {
    JobOutcome.DONE: Ending.DONE,
    JobOutcome.DEAD: Ending.DEAD,
    JobState.PARKED: Ending.PARKED,
    JobState.READY: Ending.OPEN,
    JobState.DELAYED: Ending.OPEN,
}


@pytest.fixture
def morgue(database: Database, tenant: UUID, peek: Peek, bench: Bench) -> Morgue:
    """Of one tenant."""
    return Morgue(database, tenant, peek, bench)
