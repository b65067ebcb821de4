"""Cancel many jobs: a run, a tenant's queue, or one job that runs. What ran is fenced, not stopped.

A cancelled job leaves one line in the log. It frees its key while it lives; a key for days or for
ever stays taken, for the occurrence happened. A job that several runs lean on is of no single run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from db.pool import Tx
from schemas.enums import JobState


@dataclass(frozen=True, slots=True)
class Scope:
    """Which jobs are meant: all that match whatever is not None."""

    job_id: int | None = None
    trace_id: str | None = None
    tenant_id: UUID | None = None
    actor: str | None = None
    running: bool = True
    """Whether those that run are meant as well."""

    def __post_init__(self) -> None:
        if self.job_id is None and self.trace_id is None and self.tenant_id is None:
            raise ValueError("Name a job, a run or a tenant: nobody cancels everything.")

    @property
    def params(self) -> dict[str, object]:
        """What `_MEANT` asks for."""
        return {
            "job": self.job_id,
            "trace": self.trace_id,
            "tenant": self.tenant_id,
            "actor": self.actor,
            "running": self.running,
        }


@dataclass(frozen=True, slots=True)
class Meant:
    """How many unfinished jobs of one kind a scope covers."""

    tenant_id: UUID | None
    actor: str
    state: JobState
    jobs: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", JobState(self.state))


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was cancelled: `fenced` of the `jobs` ran, and `doubts` of their calls were under way."""

    jobs: int = 0
    fenced: int = 0
    doubts: int = 0

    def __add__(self, other: "Cancelled") -> "Cancelled":
        return Cancelled(
            self.jobs + other.jobs, self.fenced + other.fenced, self.doubts + other.doubts
        )


_MEANT: LiteralString = """
          FROM outrider.jobs
         WHERE (%(job)s::bigint IS NULL OR id = %(job)s)
           AND (%(trace)s::text IS NULL OR (trace_id = %(trace)s AND NOT shared))
           AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
           AND (%(actor)s::text IS NULL OR actor = %(actor)s)
           AND (%(running)s OR state <> 'running')
"""


def count(tx: Tx, scope: Scope) -> list[Meant]:
    """What cancelling would cover now, by tenant, actor and state. Needs the operator's hat."""
    return tx.list(
        Meant,
        "SELECT tenant_id, actor, state, count(*) AS jobs"
        + _MEANT
        + "GROUP BY tenant_id, actor, state ORDER BY tenant_id, actor, state",
        scope.params,
    )


def find(tx: Tx, scope: Scope, *, limit: int) -> list[int]:
    """Ids of the jobs that are meant and that this transaction may see, oldest first."""
    rows = tx.conn.execute(
        "SELECT id" + _MEANT + "ORDER BY id LIMIT %(limit)s",
        {**scope.params, "limit": limit},
    ).fetchall()
    return [int(str(job_id)) for (job_id,) in rows]


def cancel(tx: Tx, scope: Scope, ids: Sequence[int]) -> Cancelled:
    """Cancel those of `ids` that are still meant; who is locked by another is left for the next call.

    A running job loses its row: whatever it writes from now on is refused by its token, and a call
    that it began and that cannot be repeated is in doubt, for nobody waits for its answer.
    """
    locked = tx.conn.execute(
        "SELECT id" + _MEANT + "AND id = ANY(%(ids)s) ORDER BY id FOR UPDATE SKIP LOCKED",
        {**scope.params, "ids": list(ids)},
    ).fetchall()
    # A statement of its own: it sees the calls that were begun until the lock was ours.
    return tx.one(
        Cancelled,
        """
        WITH gone AS (
            DELETE FROM outrider.jobs WHERE id = ANY(%(ids)s) RETURNING *
        ), doubted AS (
            UPDATE outrider.effects e
               SET state = 'in_doubt', settled_at = clock_timestamp(),
                   reason = 'The job was cancelled while the call was under way.'
              FROM gone g
             WHERE e.tenant_id = g.tenant_id AND e.job_id = g.id AND e.token <> 0
               AND e.class = 'unrepeatable' AND e.state = 'intent'
            RETURNING e.key
        ), logged AS (
            INSERT INTO outrider.job_log (job_id, tenant_id, actor, outcome, attempt, parent_id,
                                          trace_id, enqueued_at, started_at)
            SELECT id, tenant_id, actor, 'cancelled', attempt, parent_id, trace_id, enqueued_at,
                   started_at
              FROM gone
        )
        SELECT count(*) AS jobs, count(*) FILTER (WHERE state = 'running') AS fenced,
               (SELECT count(*) FROM doubted) AS doubts
          FROM gone
        """,
        {"ids": [job_id for (job_id,) in locked]},
    )
