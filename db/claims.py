"""Table `jobs` as its owner sees it: claim an attempt, and the ways out. Refuses a stale token.

Every way out of `running` names the fencing token of its claim. No row: somebody else owns the job
now, LeaseLost is raised, and the caller's whole transaction rolls back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from db.pool import Tx
from schemas.errors import JobError


class LeaseLost(JobError):
    """The job is no longer ours; whatever this transaction did must not count."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"Job {job_id} is no longer owned by this claim.")
        self.job_id = job_id


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker needs to run one attempt; `token` fences everything it writes."""

    id: int
    tenant_id: UUID | None
    actor: str
    payload: dict[str, object]
    version: int
    attempt: int
    max_attempts: int
    token: int
    trace_id: str | None
    waited: timedelta
    lane_id: int
    troubled: bool
    """Its lane has failed lately: a success is news there."""


def hold(tx: Tx, job_id: int, token: int) -> None:
    """Make sure that the job is still ours, and that it stays so until `tx` ends. Raises LeaseLost."""
    held = tx.value(
        "SELECT 1 FROM outrider.jobs WHERE id = %(id)s AND token = %(token)s FOR SHARE",
        {"id": job_id, "token": token},
    )
    _own(0 if held is None else 1, job_id)


# Planned once and kept, so each step can only go by the primary key: arrays instead of joins, and a
# state that is told in a way that offers no partial index.
_CLAIM: LiteralString = """
        WITH mine AS (
            SELECT j.id FROM outrider.jobs j
             WHERE j.id = ANY(%(ids)s::bigint[]) AND j.actor = %(actor)s AND (j.state = 'dispatched') IS TRUE
               AND outrider.session_is_live(%(session)s)
               AND NOT EXISTS (SELECT 1 FROM outrider.pauses p
                                WHERE p.tenant_id = j.tenant_id OR p.actor = j.actor)
             ORDER BY j.id FOR UPDATE OF j
        ), claimed AS (
            UPDATE outrider.jobs j
               SET state = 'running', attempt = attempt + 1, token = 1 + floor(random() * 9007199254740991)::bigint,
                   session_id = %(session)s, lease_until = NULL, started_at = clock_timestamp(),
                   live_key = CASE WHEN live_key LIKE 'gather:%%' THEN NULL ELSE live_key END,
                   deadline_at = clock_timestamp() + array_position(%(ids)s::bigint[], j.id) * %(limit)s
                                 + %(grace)s
             WHERE j.id = ANY(ARRAY(SELECT id FROM mine))
            RETURNING j.id, j.tenant_id, j.actor, j.payload, j.version, j.attempt, j.max_attempts,
                      j.token, j.trace_id, j.lane, j.lane_id, clock_timestamp()
                      - greatest(j.enqueued_at, least(j.due_at, clock_timestamp())) AS waited
        )
        SELECT c.id, c.tenant_id, c.actor, c.payload, c.version, c.attempt, c.max_attempts, c.token,
               c.trace_id, c.waited, c.lane_id,
               c.lane <> '' AND EXISTS (SELECT 1 FROM outrider.lanes l
                                         WHERE l.id = c.lane_id AND l.failures > 0) AS troubled
          FROM claimed c ORDER BY array_position(%(ids)s::bigint[], c.id)
        """


def claim(
    tx: Tx,
    ids: Sequence[int],
    *,
    actor: str,
    session_id: int,
    limit: timedelta,
    grace: timedelta = timedelta(0),
) -> list[Claim]:
    """Make this process the owner of one attempt at each of these jobs, in one statement.

    Absent from the answer: the ticket is stale
    (done, cancelled, claimed by another), its tenant or actor is paused, or this process was given
    up for dead and has not announced itself again. The attempt counts from here, so a job that
    kills its process runs out of attempts.

    Tokens are drawn by chance: a sequence that a crash of the server sets back would give two
    attempts at one job the same. Each job of a ticket may take `limit` after those before it.
    """
    return tx.list(
        Claim,
        _CLAIM,
        {
            "ids": list(ids),
            "actor": actor,
            "session": session_id,
            "limit": limit,
            "grace": grace,
        },
    )


def extend(tx: Tx, owned: Sequence[tuple[int, int]], *, limit: timedelta, grace: timedelta) -> None:
    """Start the time of these (id, token) anew, each `limit` after those before it."""
    tx.run(
        """
        UPDATE outrider.jobs j SET deadline_at = clock_timestamp() + o.nth * %(limit)s + %(grace)s
          FROM unnest(%(ids)s::bigint[], %(tokens)s::bigint[]) WITH ORDINALITY AS o (id, token, nth)
         WHERE j.id = o.id AND j.token = o.token
        """,
        {
            "ids": [job for job, _ in owned],
            "tokens": [token for _, token in owned],
            "limit": limit,
            "grace": grace,
        },
    )


def complete(tx: Tx, job_id: int, token: int) -> None:
    """Finish: the row goes, one line stays. Raises LeaseLost."""
    _own(
        tx.run(
            """
            WITH gone AS (
                DELETE FROM outrider.jobs WHERE id = %(id)s AND token = %(token)s RETURNING *
            )
            INSERT INTO outrider.job_log (job_id, tenant_id, actor, outcome, attempt, parent_id,
                                          trace_id, enqueued_at, started_at)
            SELECT id, tenant_id, actor, 'done', attempt, parent_id, trace_id, enqueued_at, started_at
              FROM gone
            """,
            {"id": job_id, "token": token},
        ),
        job_id,
    )


def complete_all(tx: Tx, owned: Sequence[tuple[int, int]]) -> set[int]:
    """Finish many (id, token) in one statement; returns the ids that were still ours."""
    rows = tx.conn.execute(
        """
        WITH gone AS (
            DELETE FROM outrider.jobs  -- tokens are drawn by chance: no job matches another's
             WHERE id = ANY(%(ids)s::bigint[]) AND token = ANY(%(tokens)s::bigint[]) RETURNING *
        )
        INSERT INTO outrider.job_log (job_id, tenant_id, actor, outcome, attempt, parent_id,
                                      trace_id, enqueued_at, started_at)
        SELECT id, tenant_id, actor, 'done', attempt, parent_id, trace_id, enqueued_at, started_at
          FROM gone
        RETURNING job_id
        """,
        {"ids": [job for job, _ in owned], "tokens": [token for _, token in owned]},
    ).fetchall()
    return {int(str(job_id)) for (job_id,) in rows}


def retry(tx: Tx, job_id: int, token: int, *, after: timedelta, error: str) -> None:
    """Back off: due again `after` on the real clock. Raises LeaseLost."""
    _own(_put_back(tx, job_id, token, after, error, refund=0), job_id)


def release(tx: Tx, job_id: int, token: int, *, after: timedelta, error: str) -> None:
    """Give the job back without burning the attempt (rate limit, shutdown). Raises LeaseLost."""
    _own(_put_back(tx, job_id, token, after, error, refund=1), job_id)


def _put_back(tx: Tx, job_id: int, token: int, after: timedelta, error: str, *, refund: int) -> int:
    return tx.run(
        """
        UPDATE outrider.jobs
           SET state = 'delayed', retry_at = clock_timestamp() + %(after)s,
               attempt = attempt - %(refund)s, last_error = left(%(error)s, 1000),
               session_id = NULL, token = NULL, deadline_at = NULL
         WHERE id = %(id)s AND token = %(token)s
        """,
        {"id": job_id, "token": token, "after": after, "error": error, "refund": refund},
    )


def park(tx: Tx, job_id: int, token: int, *, effect_key: str, reason: str) -> None:
    """Set aside until the doubt about an effect is settled; nothing runs a parked job. Raises LeaseLost."""
    _own(
        tx.run(
            """
            UPDATE outrider.jobs
               SET state = 'parked', parked_on = %(key)s, last_error = left(%(reason)s, 1000),
                   session_id = NULL, token = NULL, deadline_at = NULL
             WHERE id = %(id)s AND token = %(token)s
            """,
            {"id": job_id, "token": token, "key": effect_key, "reason": reason},
        ),
        job_id,
    )


def unpark(tx: Tx, *, effect_key: str) -> int:
    """Make every job that waits for this effect ready, its attempt refunded; returns how many."""
    rows = tx.conn.execute(
        """
        UPDATE outrider.jobs SET state = 'ready', parked_on = NULL, attempt = greatest(attempt - 1, 0)
         WHERE parked_on = %(key)s AND state = 'parked' AND tenant_id = outrider.current_tenant_id() RETURNING actor
        """,
        {"key": effect_key},
    ).fetchall()
    tx.rings.update(str(actor) for (actor,) in rows)
    return len(rows)


def _own(touched: int, job_id: int) -> None:
    if touched != 1:
        raise LeaseLost(job_id)
