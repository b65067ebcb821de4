"""Table `job_log`: one line per finished job, in daily partitions. Refuses nothing; it is history."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from db.pool import Tx
from schemas.enums import JobOutcome


@dataclass(frozen=True, slots=True)
class LogLine:
    """How one job ended."""

    job_id: int
    tenant_id: UUID | None
    actor: str
    outcome: JobOutcome
    attempt: int
    parent_id: int | None
    trace_id: str | None
    enqueued_at: datetime
    started_at: datetime | None
    finished_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "outcome", JobOutcome(self.outcome))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many jobs of an actor ended in one way."""

    actor: str
    outcome: JobOutcome
    jobs: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "outcome", JobOutcome(self.outcome))


def find(tx: Tx, job_id: int) -> LogLine | None:
    """The line of a finished job, or None."""
    return tx.find(
        LogLine,
        """
        SELECT job_id, tenant_id, actor, outcome, attempt, parent_id, trace_id, enqueued_at,
               started_at, finished_at
          FROM outrider.job_log WHERE job_id = %(id)s
        """,
        {"id": job_id},
    )


def count(tx: Tx) -> list[Tally]:
    """Finished jobs by actor and outcome, in that order."""
    return tx.list(
        Tally,
        """
        SELECT actor, outcome, count(*) AS jobs FROM outrider.job_log
         GROUP BY actor, outcome ORDER BY actor, outcome
        """,
    )


def prune(tx: Tx, *, older_than: timedelta, limit: int) -> int:
    """Forget what partitions cannot: kept lines that nothing rests on any more, expired keys and
    old fires, `limit` of each at most. Returns the rows deleted.

    History of all tenants: needs the dispatcher's hat. Whole days go by `db/partitions.py`.
    """
    forgotten = tx.value(
        "SELECT outrider.prune_history(%(age)s, %(limit)s)", {"age": older_than, "limit": limit}
    )
    return int(str(forgotten))
