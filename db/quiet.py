"""Whether a tenant's work is at rest, and until when: for whoever compresses business time."""

from dataclasses import dataclass
from datetime import datetime

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Stillness:
    """What a tenant's queue has at one moment."""

    now: datetime
    """Business time."""
    busy: bool
    """Whether a job is due, on its way, running, or waits in real time to be tried again."""
    parked: int
    next_due: datetime | None
    """When the next wait ends."""
    block_end: datetime | None
    """The last end of a wait in the same hour as `next_due`."""
    mails: int
    """Mails that were ever stored."""


def look(tx: Tx) -> Stillness:
    """The tenant's queue in one statement. When it is not `busy` nothing happens before `next_due` by itself."""
    return tx.one(
        Stillness,
        """
        WITH waits AS (
            SELECT min(due_at) AS first FROM outrider.jobs
             WHERE state = 'delayed' AND retry_at IS NULL AND due_at > outrider.now()
        )
        SELECT outrider.now() AS now, w.first AS next_due,
               (SELECT max(j.due_at) FROM outrider.jobs j
                 WHERE j.state = 'delayed' AND j.retry_at IS NULL AND j.due_at >= w.first
                   AND j.due_at < date_trunc('hour', w.first) + interval '1 hour') AS block_end,
               EXISTS (SELECT 1 FROM outrider.jobs WHERE state = 'running')
                 OR EXISTS (SELECT 1 FROM outrider.jobs WHERE state = 'ready')
                 OR EXISTS (SELECT 1 FROM outrider.jobs WHERE state = 'dispatched')
                 OR EXISTS (SELECT 1 FROM outrider.jobs WHERE state = 'delayed' AND retry_at IS NOT NULL)
                 OR EXISTS (SELECT 1 FROM outrider.jobs
                             WHERE state = 'delayed' AND retry_at IS NULL AND due_at <= outrider.now())
                 AS busy,
               (SELECT count(*) FROM outrider.jobs j WHERE j.state = 'parked') AS parked,
               (SELECT count(*) FROM outrider.mails) AS mails
          FROM waits w
        """,
    )
