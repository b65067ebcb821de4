"""How a dead letter ends: as a new job, once, or as nothing, for good. Refuses what is closed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from db.dead import LETTER, MEANT, DeadLetter, Which
from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Meant:
    """A letter that a command means; `orphaned`: its tenant was deleted."""

    id: int
    tenant_id: UUID | None
    orphaned: bool


@dataclass(frozen=True, slots=True)
class Tied:
    """A letter and the job that does its work again."""

    letter_id: int
    job_id: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a letter stands; `job_id` is its replay's."""

    id: int
    status: str
    job_id: int | None


_MEANT: LiteralString = """
        SELECT id, tenant_id,
               tenant_id IS NOT NULL AND NOT EXISTS (
                   SELECT 1 FROM outrider.tenants t
                    WHERE t.id = d.tenant_id AND t.deleted_at IS NULL) AS orphaned
          FROM outrider.dead_letters d
"""


def list_meant(tx: Tx, which: Which, *, limit: int | None) -> list[Meant]:
    """The letters of all tenants that a command means, oldest first. Needs the operator's hat."""
    return tx.list(
        Meant,
        _MEANT + MEANT + " ORDER BY id LIMIT %(limit)s",
        {**asdict(which), "limit": limit},
    )


def list_standing(tx: Tx, ids: Sequence[int]) -> list[Standing]:
    """Where these letters stand, as far as there are any."""
    return tx.list(
        Standing,
        """
        SELECT id, status, replay_job_id AS job_id FROM outrider.dead_letters
         WHERE id = ANY(%(ids)s) ORDER BY id
        """,
        {"ids": list(ids)},
    )


def lock_open(tx: Tx, ids: Sequence[int]) -> list[DeadLetter]:
    """Those of the tenant's letters that are open and in nobody's hands, locked, in order."""
    return tx.list(
        DeadLetter,
        LETTER
        + """
         WHERE id = ANY(%(ids)s) AND status = 'open' ORDER BY id FOR UPDATE SKIP LOCKED
        """,
        {"ids": list(ids)},
    )


def mark_replayed(tx: Tx, job_ids: Sequence[int], *, batch_id: UUID, by: str) -> list[Tied]:
    """Tie open letters to these jobs, their replays, each of which goes on with its letter's trace."""
    return tx.list(
        Tied,
        """
        WITH tied AS (
            UPDATE outrider.dead_letters d
               SET status = 'replayed', replay_job_id = j.id, batch_id = %(batch)s,
                   closed_at = clock_timestamp(), closed_by = %(by)s
              FROM outrider.jobs j
             WHERE j.id = ANY(%(jobs)s) AND j.replay_of = d.job_id AND d.status = 'open'
            RETURNING d.id, j.id AS job_id, d.trace_id
        )
        UPDATE outrider.jobs j SET trace_id = t.trace_id FROM tied t WHERE j.id = t.job_id
        RETURNING t.id AS letter_id, j.id AS job_id
        """,
        {"jobs": list(job_ids), "batch": batch_id, "by": by},
    )


def mark_discarded(tx: Tx, ids: Sequence[int], *, batch_id: UUID, by: str) -> int:
    """End open letters for good; returns how many were open."""
    return tx.run(
        """
        UPDATE outrider.dead_letters
           SET status = 'discarded', batch_id = %(batch)s, closed_at = clock_timestamp(),
               closed_by = %(by)s
         WHERE id = ANY(%(ids)s) AND status = 'open'
        """,
        {"ids": list(ids), "batch": batch_id, "by": by},
    )


def prune(tx: Tx, *, older_than: timedelta, limit: int) -> int:
    """Forget letters that ended so long ago, `limit` at most, with the log line of their death.

    Returns how many. Letters of all tenants: needs the dispatcher's hat.
    """
    forgotten = tx.value(
        "SELECT outrider.prune_dead_letters(%(age)s, %(limit)s)",
        {"age": older_than, "limit": limit},
    )
    return int(str(forgotten))


def look_only(tx: Tx) -> None:
    """From here on Postgres refuses whatever this transaction would change."""
    tx.run("SET TRANSACTION READ ONLY")
