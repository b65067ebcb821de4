"""Table `jobs` as everybody sees it: enqueue, look, cancel. Owning a job is `db/claims.py`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx
from schemas.base import Job
from schemas.enums import JobState

Scope = Literal["live", "gather", "days", "ever"]


@dataclass(frozen=True, slots=True)
class Unique:
    """At most one job per key and tenant: while it lives, until it starts, for some days, or for ever.

    `gather` is until it starts: what commits before the job's first statement, the job sees.
    """

    key: str
    scope: Scope = "ever"
    days: int | None = None

    def __post_init__(self) -> None:
        if (self.scope == "days") != (self.days is not None):
            raise ValueError("A unique key names its days if and only if its scope is days.")


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be; `after` and `due_at` are business time, and `due_at` wins."""

    job: Job
    unique: Unique | None = None
    after: timedelta = timedelta(0)
    replay_of: int | None = None
    due_at: datetime | None = None


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
    """Queue jobs in this transaction; returns the ids of those that were new.

    One statement, and more only where jobs are gathered.
    """
    made = _insert(tx, [_record(job) for job in jobs])
    waiting = [job for job in jobs if job.unique and job.unique.scope == "gather"]
    while waiting and (gone := _gone(tx, waiting)):
        made += _insert(tx, [_record(job) for job in gone])
        waiting = gone
    return made


def _gone(tx: Tx, waiting: list[NewJob]) -> list[NewJob]:
    """Those whose gathering job started before we could lean on it; the others wait for our commit.

    A shared lock on the waiting job: its claim, an update, waits until this transaction ended, so
    what we wrote is there when the job reads. Several may hold it at once.
    """
    keys = [_live_key(job) for job in waiting]
    found = tx.conn.execute(
        """
        SELECT live_key FROM outrider.jobs
         WHERE live_key = ANY(%(keys)s)
           AND tenant_id IS NOT DISTINCT FROM outrider.current_tenant_id()
         ORDER BY id FOR SHARE
        """,
        {"keys": keys},
    ).fetchall()
    held = {key for (key,) in found}
    return [job for job, key in zip(waiting, keys, strict=True) if key not in held]


def _insert(tx: Tx, records: list[dict[str, object]]) -> list[int]:
    if not records:
        return []
    rows = tx.conn.execute(
        """
        WITH wanted AS MATERIALIZED (
            SELECT nextval('outrider.job_ids') AS id, w.*,
                   coalesce(w.due_at, outrider.now() + w.after) AS due
              FROM jsonb_to_recordset(%(jobs)s) AS w (
                   actor text, payload jsonb, version smallint, max_attempts smallint,
                   after interval, due_at timestamptz, key text, live_key text, scope text,
                   days integer, replay_of bigint)
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
               CASE WHEN due > outrider.now() THEN 'delayed' ELSE 'ready' END::outrider.job_state,
               due, live_key, replay_of
          FROM wanted
         WHERE live_key IS NOT NULL OR scope IS NULL OR id IN (SELECT job_id FROM fresh)
            ON CONFLICT DO NOTHING
        RETURNING id, actor
        """,
        {"jobs": Jsonb(records)},
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
        "due_at": new.due_at.isoformat() if new.due_at else None,
        "replay_of": new.replay_of,
        "live_key": _live_key(new),
        **unique,
    }


def _live_key(new: NewJob) -> str | None:
    """A gathering job gives its key up when it is claimed (db/claims.py); a live one keeps it."""
    if new.unique is None or new.unique.scope not in {"live", "gather"}:
        return None
    return f"gather:{new.unique.key}" if new.unique.scope == "gather" else new.unique.key


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


_SELECT: LiteralString = """
        SELECT id, tenant_id, actor, state, attempt, max_attempts, due_at, retry_at, last_error,
               trace_id, enqueued_at
          FROM outrider.jobs"""


def find(tx: Tx, job_id: int) -> JobRow | None:
    """One unfinished job, or None."""
    return tx.find(JobRow, _SELECT + " WHERE id = %(id)s", {"id": job_id})


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
        _SELECT
        + """
         WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
           AND (%(actor)s::text IS NULL OR actor = %(actor)s)
           AND (%(state)s::outrider.job_state IS NULL OR state = %(state)s)
         ORDER BY id LIMIT %(limit)s
        """,
        {"tenant": tenant_id, "actor": actor, "state": state, "limit": limit},
    )
