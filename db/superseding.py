"""Unique keys whose newest call wins: the job that waits is replaced or put off, never one that started."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from db.new_jobs import NewJob, record
from db.pool import Tx


def supersede(tx: Tx, jobs: Sequence[NewJob]) -> list[int]:
    """Queue jobs, or make them what waits under their keys; returns the ids of those that were new.

    Of several under one key the last counts. Until `tx` ends, the jobs that waited can neither
    start nor be changed by another call; keys are taken in order, so no two calls block each other.
    """
    newest = {job.live_key: job for job in jobs}
    made: list[int] = []
    while newest:
        _succeed_started(tx, [key for key in newest if key])
        rows = _upsert(tx, [record(job) for job in newest.values()])
        made += [job_id for job_id, _, new in rows if new]
        tx.rings.update(newest[key].job.name for _, key, _ in rows)
        # What is left started after we had looked: its key is free in the next round.
        newest = {key: job for key, job in newest.items() if key not in {key for _, key, _ in rows}}
    return made


def _succeed_started(tx: Tx, keys: list[str]) -> None:
    """Take the keys from jobs that are on their way or run, locked as claims lock them: by id."""
    tx.run(
        """
        WITH started AS MATERIALIZED (
            SELECT id FROM outrider.jobs
             WHERE live_key = ANY(%(keys)s) AND state NOT IN ('delayed', 'ready')
               AND tenant_id IS NOT DISTINCT FROM outrider.current_tenant_id()
             ORDER BY id FOR UPDATE
        )
        UPDATE outrider.jobs j SET live_key = NULL FROM started s WHERE j.id = s.id
        """,
        {"keys": keys},
    )


def _upsert(tx: Tx, records: list[dict[str, object]]) -> list[tuple[int, str, bool]]:
    """Id, key and newness of every job that could be made or changed.

    A backoff outlasts the change, unless the newer due time is still ahead.
    """
    rows = tx.conn.execute(
        """
        WITH moment AS MATERIALIZED (
            SELECT outrider.now() AS now,
                   coalesce(outrider.current_trace_id(), replace(gen_random_uuid()::text, '-', '')) AS trace
        ), wanted AS MATERIALIZED (
            SELECT nextval('outrider.job_ids') AS id, w.*, m.*, m.now + w.max_wait AS latest,
                   least(coalesce(w.due_at, m.now + coalesce(w.after, '0')), m.now + w.max_wait) AS due
              FROM moment m, jsonb_to_recordset(%(jobs)s) AS w (
                   actor text, payload jsonb, version smallint, max_attempts smallint, after interval,
                   due_at timestamptz, live_key text, max_wait interval, shared boolean,
                   replay_of bigint, lane text, priority smallint)
        )
        INSERT INTO outrider.jobs AS j (id, actor, payload, version, max_attempts, state, due_at, live_key,
                                        latest_at, shared, replay_of, lane, priority, trace_id)
        SELECT id, actor, payload, version, max_attempts,
               CASE WHEN due > now THEN 'delayed' ELSE 'ready' END::outrider.job_state,
               due, live_key, latest, coalesce(shared, false), replay_of, coalesce(lane, ''), priority, trace
          FROM wanted ORDER BY live_key
            ON CONFLICT (tenant_id, live_key) WHERE live_key IS NOT NULL DO UPDATE
           SET actor = excluded.actor, payload = excluded.payload, version = excluded.version,
               max_attempts = excluded.max_attempts, attempt = 0, last_error = NULL,
               lane = excluded.lane, priority = excluded.priority, replay_of = excluded.replay_of,
               shared = excluded.shared,
               parent_id = excluded.parent_id, trace_id = excluded.trace_id,
               due_at = least(excluded.due_at, j.latest_at),
               latest_at = coalesce(j.latest_at, excluded.latest_at),
               retry_at = CASE WHEN excluded.state = 'ready' OR j.latest_at <= outrider.now()
                               THEN j.retry_at END,
               state = CASE WHEN j.retry_at IS NULL
                             AND (excluded.state = 'ready' OR j.latest_at <= outrider.now())
                            THEN 'ready' ELSE 'delayed' END::outrider.job_state
         WHERE j.state IN ('delayed', 'ready')
        RETURNING id, live_key, xmax = 0
        """,
        {"jobs": Jsonb(records)},
    ).fetchall()
    return [(int(str(job_id)), str(key), bool(new)) for job_id, key, new in rows]
