"""What the dispatcher does across tenants, through definer functions and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Ticket:
    """Enough to ring for a job; its content stays in Postgres."""

    id: int
    tenant_id: UUID | None
    actor: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Picked:
    """Tickets to ring, fairest first; and when to look again for what had to stay.

    `wait`: seconds, 0 is soon; None: nothing else waits that could ever move by itself.
    """

    tickets: list[Ticket]
    wait: float | None


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: lost tickets, recovered jobs, jobs out of attempts."""

    rung_again: int
    recovered: int
    buried: int


def promote(tx: Tx, *, limit: int) -> int:
    """Make due rows ready, `limit` waits and `limit` backoffs at most; returns how many."""
    return int(str(tx.value("SELECT outrider.dispatch_promote(%(limit)s)", {"limit": limit})))


def pick(
    tx: Tx, *, chunks: Mapping[str, int], window: int, lease: timedelta, alone: bool = False
) -> Picked:
    """Take ready jobs of these actors, fairly, until the threads have `window` tickets in hand.

    `chunks`: how many jobs of each actor one ticket may carry. `alone`: take `window` tickets,
    whatever other processes have in hand.
    """
    rows = tx.conn.execute(
        """
        SELECT id, tenant_id, actor, attempt, wait
          FROM outrider.dispatch_pick(%(actors)s, %(chunks)s, %(window)s, %(lease)s, %(alone)s)
        """,
        {
            "actors": list(chunks),
            "chunks": list(chunks.values()),
            "window": window,
            "lease": lease,
            "alone": alone,
        },
    ).fetchall()
    wait = next((float(str(row[4])) for row in rows if row[0] is None), None)
    return Picked([_ticket(*row[:4]) for row in rows if row[0] is not None], wait)


def _ticket(job_id: object, tenant_id: object, actor: object, attempt: object) -> Ticket:
    tenant = tenant_id if isinstance(tenant_id, UUID) else None
    return Ticket(int(str(job_id)), tenant, str(actor), int(str(attempt)))


def give_back(tx: Tx, ids: Sequence[int]) -> None:
    """Make picked jobs ready again whose tickets could not be rung."""
    tx.run("SELECT outrider.dispatch_return(%(ids)s)", {"ids": list(ids)})


def sweep(tx: Tx, *, lease: timedelta, limit: int, deaths: bool = True) -> Swept:
    """Recover what died: silent sessions (only with `deaths`), lost tickets, overdue jobs."""
    return tx.one(
        Swept,
        """
        SELECT rung_again, recovered, buried
          FROM outrider.dispatch_sweep(%(lease)s, %(limit)s, %(deaths)s)
        """,
        {"lease": lease, "limit": limit, "deaths": deaths},
    )
