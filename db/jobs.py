"""Table `jobs` as its owner sees it: enqueue, claim, and the ways out. Refuses a stale token.

Every way out of `running` names the fencing token of its claim. No row: somebody else owns the job
now, LeaseLost is raised, and the caller's whole transaction rolls back.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx
from schemas.base import Job
from schemas.enums import JobState
from schemas.errors import JobError

Scope = Literal["live", "days", "ever"]


class LeaseLost(JobError):
    """The job is no longer ours; whatever this transaction did must not count."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"Job {job_id} is no longer owned by this claim.")
        self.job_id = job_id


@dataclass(frozen=True, slots=True)
class Unique:
    """At most one job per key and tenant: while it lives, for some days, or for ever."""

    key: str
    scope: Scope = "ever"
    days: int | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be; `after` is business time."""

    job: Job
    unique: Unique | None = None
    after: timedelta = timedelta(0)
    replay_of: int | None = None


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


@dataclass(frozen=True, slots=True)
class JobRow:
    """One unfinished job, for people."""

    id: int
    tenant_id: UUID | None
    actor: str
    state: JobState
    attempt: int
    max_attempts: int
    due_at: datetime
    retry_at: datetime | None
    last_error: str | None
    trace_id: str | None
    enqueued_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", JobState(self.state))


def add(tx: Tx, jobs: Sequence[NewJob]) -> list[int]:
    """Queue jobs in this transaction, in one statement; returns the ids of those that were new."""
    if not jobs:
        return []
    rows = tx.conn.execute(
        """
        WITH wanted AS MATERIALIZED (
            SELECT nextval('outrider.job_ids') AS id, w.*
              FROM jsonb_to_recordset(%(jobs)s) AS w (
                   actor text, payload jsonb, version smallint, max_attempts smallint,
                   after interval, key text, scope text, days integer, replay_of bigint)
        ), fresh AS (
            INSERT INTO outrider.job_keys AS k (key, job_id, expires_at)
            SELECT DISTINCT ON (key) key, id, clock_timestamp() + make_interval(days => days)
              FROM wanted WHERE scope IN ('days', 'ever') ORDER BY key, id
            ON CONFLICT (tenant_id, key) DO UPDATE
               SET job_id = excluded.job_id, made_at = excluded.made_at, expires_at = excluded.expires_at
             WHERE k.expires_at < clock_timestamp()
            RETURNING job_id
        )
        INSERT INTO outrider.jobs (id, actor, payload, version, max_attempts, state, due_at, live_key,
                                   replay_of)
        SELECT id, actor, payload, version, max_attempts,
               CASE WHEN after > '0' THEN 'delayed' ELSE 'ready' END::outrider.job_state,
               outrider.now() + after,
               CASE WHEN scope = 'live' THEN key END,
               replay_of
          FROM wanted
         WHERE scope IS NULL OR scope = 'live' OR id IN (SELECT job_id FROM fresh)
            ON CONFLICT DO NOTHING
        RETURNING id, actor
        """,
        {"jobs": Jsonb([_record(job) for job in jobs])},
    ).fetchall()
    tx.rings.update(str(actor) for _, actor in rows)
    return [int(str(job_id)) for job_id, _ in rows]


def _record(new: NewJob) -> dict[str, object]:
    unique = asdict(new.unique) if new.unique else {}
    return {
        "actor": new.job.name,
        "payload": new.job.to_json(),
        "version": new.job.version,
        "max_attempts": new.job.attempts,
        "after": f"{new.after // timedelta(microseconds=1)} microseconds",
        "replay_of": new.replay_of,
        **unique,
    }


def claim(tx: Tx, job_id: int, *, session_id: int, limit: timedelta) -> Claim | None:
    """Make this process the owner of one attempt that may take `limit`.

    None: the ticket is stale (done, cancelled, claimed by another), or its tenant or actor is
    paused. The attempt counts from here, so a job that kills its process runs out of attempts.
    """
    return tx.find(
        Claim,
        """
        UPDATE outrider.jobs j
           SET state = 'running', attempt = attempt + 1, token = nextval('outrider.job_tokens'),
               session_id = %(session)s, lease_until = NULL, started_at = clock_timestamp(),
               deadline_at = clock_timestamp() + %(limit)s
         WHERE j.id = %(id)s AND j.state = 'dispatched'
           AND NOT EXISTS (SELECT 1 FROM outrider.pauses p
                            WHERE p.tenant_id = j.tenant_id OR p.actor = j.actor)
        RETURNING id, tenant_id, actor, payload, version, attempt, max_attempts, token, trace_id,
                  clock_timestamp() - enqueued_at AS waited
        """,
        {"id": job_id, "session": session_id, "limit": limit},
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
         WHERE state = 'parked' AND parked_on = %(key)s
           AND tenant_id = outrider.current_tenant_id()
        RETURNING actor
        """,
        {"key": effect_key},
    ).fetchall()
    tx.rings.update(str(actor) for (actor,) in rows)
    return len(rows)


def cancel(tx: Tx, job_id: int) -> bool:
    """Drop a job that is not running; False when it runs, or is over. The log says `cancelled`."""
    return bool(
        tx.run(
            """
            WITH gone AS (
                DELETE FROM outrider.jobs WHERE id = %(id)s AND state <> 'running' RETURNING *
            )
            INSERT INTO outrider.job_log (job_id, tenant_id, actor, outcome, attempt, parent_id,
                                          trace_id, enqueued_at, started_at)
            SELECT id, tenant_id, actor, 'cancelled', attempt, parent_id, trace_id, enqueued_at,
                   started_at
              FROM gone
            """,
            {"id": job_id},
        )
    )


def find(tx: Tx, job_id: int) -> JobRow | None:
    """One unfinished job, or None."""
    return tx.find(
        JobRow,
        """
        SELECT id, tenant_id, actor, state, attempt, max_attempts, due_at, retry_at, last_error,
               trace_id, enqueued_at
          FROM outrider.jobs WHERE id = %(id)s
        """,
        {"id": job_id},
    )


def count_open(tx: Tx) -> int:
    """Unfinished jobs that this transaction may see."""
    return int(str(tx.value("SELECT count(*) FROM outrider.jobs")))


def count_of_session(tx: Tx, session_id: int) -> int:
    """Jobs that a process has claimed and not settled."""
    return int(
        str(
            tx.value(
                """
                SELECT count(*) FROM outrider.jobs WHERE state = 'running' AND session_id = %(id)s
                """,
                {"id": session_id},
            )
        )
    )


def list_open(
    tx: Tx, *, tenant_id: UUID | None, actor: str | None, state: JobState | None, limit: int
) -> list[JobRow]:
    """Unfinished jobs, oldest first; a None filter matches everything."""
    return tx.list(
        JobRow,
        """
        SELECT id, tenant_id, actor, state, attempt, max_attempts, due_at, retry_at, last_error,
               trace_id, enqueued_at
          FROM outrider.jobs
         WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
           AND (%(actor)s::text IS NULL OR actor = %(actor)s)
           AND (%(state)s::outrider.job_state IS NULL OR state = %(state)s)
         ORDER BY id LIMIT %(limit)s
        """,
        {"tenant": tenant_id, "actor": actor, "state": state, "limit": limit},
    )


def _own(touched: int, job_id: int) -> None:
    if touched != 1:
        raise LeaseLost(job_id)
