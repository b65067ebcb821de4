"""Table `jobs` as everybody sees it: enqueue, look, cancel. Owning a job is `db/claims.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Json

from db.new_jobs import SECOND, NewJob, Scope, Unique, record
from db.pool import Tx
from db.superseding import supersede
from schemas.enums import JobState

__all__ = ["NewJob", "Scope", "Unique"]


@dataclass(frozen=True, slots=True)
class JobRow:
    """One unfinished job, for people."""

    id: int
    tenant_id: UUID | None
    actor: str
    lane: str
    priority: int
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

    One statement; more only where jobs gather, or take the place of others.
    """
    newest = [job for job in jobs if job.supersedes]
    others = [job for job in jobs if not job.supersedes] if newest else jobs
    made = _insert(tx, others)
    waiting = [job for job in others if job.unique and job.unique.scope == "gather"]
    while waiting and (gone := _gone(tx, waiting)):
        made += _insert(tx, gone)
        waiting = gone
    return made + supersede(tx, newest)


def _gone(tx: Tx, waiting: list[NewJob]) -> list[NewJob]:
    """What must be queued anew, because its job started or must not be leaned on any longer.

    A shared lock on the waiting job: its claim, an update, waits until this transaction ended, so
    what we wrote is there when the job reads. Several may hold it at once; while there is always
    one who does, the job could never start. So nobody leans on one that is late: a second job
    gathers, until the first has started.
    """
    held = _leaned_on(tx, [job.live_key for job in waiting])
    left = [job for job in waiting if job.live_key not in held]
    if not left:
        return []
    late = tx.conn.execute(
        """
        SELECT live_key FROM outrider.jobs
         WHERE live_key = ANY(%(keys)s)
           AND tenant_id IS NOT DISTINCT FROM outrider.current_tenant_id()
        """,
        {"keys": [job.live_key for job in left]},
    ).fetchall()
    there = {key for (key,) in late}
    return [job.after_a_late_one() if job.live_key in there else job for job in left]


def _leaned_on(tx: Tx, keys: list[str | None]) -> set[object]:
    found = tx.conn.execute(
        """
        SELECT live_key FROM outrider.jobs
         WHERE live_key = ANY(%(keys)s)
           AND tenant_id IS NOT DISTINCT FROM outrider.current_tenant_id()
           AND (due_at > outrider.now() - interval '1 second' OR live_key LIKE %(second)s)
         ORDER BY id FOR SHARE
        """,
        {"keys": keys, "second": SECOND + "%"},
    ).fetchall()
    return {key for (key,) in found}


def _insert(tx: Tx, jobs: Sequence[NewJob]) -> list[int]:
    """Rows in the order of the call, keys in their own order, so that no two calls block each other."""
    if not jobs:
        return []
    # What is the same for all rows is asked once: asked per row it would cost more than the row.
    rows = tx.conn.execute(
        """
        WITH moment AS MATERIALIZED (
            SELECT outrider.now() AS now, clock_timestamp() AS made_at, outrider.current_tenant_id() AS tenant,
                   outrider.current_job_id() AS parent,
                   coalesce(outrider.current_trace_id(),  -- what nobody handed a trace begins one
                            replace(gen_random_uuid()::text, '-', '')) AS trace
        ), wanted AS MATERIALIZED (
            SELECT nextval('outrider.job_ids') AS id, w.*, m.*,
                   coalesce(w.due_at, m.now + coalesce(w.after, '0')) AS due
              FROM moment m, json_to_recordset(%(jobs)s) AS w (
                   actor text, payload jsonb, version smallint, max_attempts smallint,
                   after interval, due_at timestamptz, key text, live_key text, scope text,
                   days integer, shared boolean, replay_of bigint, lane text, priority smallint)
        ), fresh AS (
            INSERT INTO outrider.job_keys AS k (tenant_id, key, job_id, made_at, expires_at)
            SELECT DISTINCT ON (key) tenant, key, id, made_at, made_at + make_interval(days => days)
              FROM wanted WHERE scope IN ('days', 'ever') ORDER BY key, id
            ON CONFLICT (tenant_id, key) DO UPDATE
               SET job_id = excluded.job_id, made_at = excluded.made_at, expires_at = excluded.expires_at
             WHERE k.expires_at < clock_timestamp()
            RETURNING job_id
        )
        INSERT INTO outrider.jobs (id, tenant_id, actor, payload, version, max_attempts, state, due_at,
                                   live_key, shared, replay_of, lane, priority, parent_id, trace_id,
                                   enqueued_at)
        SELECT id, tenant, actor, payload, version, max_attempts,
               CASE WHEN due > now THEN 'delayed' ELSE 'ready' END::outrider.job_state, due,
               live_key, coalesce(shared, false), replay_of, coalesce(lane, ''), priority, parent, trace,
               made_at
          FROM wanted
         WHERE live_key IS NOT NULL OR scope IS NULL OR id IN (SELECT job_id FROM fresh)
         ORDER BY live_key, id
            ON CONFLICT DO NOTHING
        RETURNING id, actor
        """,
        {"jobs": Json([record(job) for job in jobs])},
    ).fetchall()
    tx.rings.update(str(actor) for _, actor in rows)
    return sorted(int(str(job_id)) for job_id, _ in rows)


def cancel(tx: Tx, job_id: int) -> bool:
    """Drop a job that is not running; False when it runs, or is over. The log says `cancelled`.

    Many at once, and those that run: `db/cancellations.py`.
    """
    return bool(
        tx.run(
            """
            WITH gone AS (
                DELETE FROM outrider.jobs WHERE id = %(id)s AND state <> 'running' RETURNING *
            ), doubted AS (  -- a call that an earlier attempt began: nobody will look after it now
                UPDATE outrider.effects e
                   SET state = 'in_doubt', settled_at = clock_timestamp(),
                       reason = 'The job was cancelled while the call was under way.'
                  FROM gone g
                 WHERE e.tenant_id = g.tenant_id AND e.job_id = g.id AND e.token <> 0
                   AND e.class = 'unrepeatable' AND e.state = 'intent'
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
        SELECT id, tenant_id, actor, lane, priority, state, attempt, max_attempts, due_at, retry_at,
               last_error, trace_id, enqueued_at
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
    tx: Tx,
    *,
    tenant_id: UUID | None,
    actor: str | None,
    state: JobState | None,
    limit: int,
    lane: str | None = None,
    trace_id: str | None = None,
) -> list[JobRow]:
    """Unfinished jobs, oldest first; a None filter matches everything."""
    return tx.list(
        JobRow,
        _SELECT
        + """
         WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
           AND (%(actor)s::text IS NULL OR actor = %(actor)s)
           AND (%(state)s::outrider.job_state IS NULL OR state = %(state)s)
           AND (%(lane)s::text IS NULL OR lane = %(lane)s)
           AND (%(trace)s::text IS NULL OR trace_id = %(trace)s)
         ORDER BY id LIMIT %(limit)s
        """,
        {
            "tenant": tenant_id,
            "actor": actor,
            "state": state,
            "limit": limit,
            "lane": lane,
            "trace": trace_id,
        },
    )
