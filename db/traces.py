"""Everything that happened under one trace id: jobs live and over, and their calls. Needs the operator's hat."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Step:
    """One job or call of a trace. `kind`: webhook, job or call; `parent` and `job_id` make the tree.

    `state`: of a job, as it is now or as it ended; of a call, intent, done or in_doubt.
    """

    kind: str
    job_id: int | None
    parent_id: int | None
    tenant_id: UUID | None
    name: str
    state: str
    attempt: int | None
    at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    note: str | None


def steps(tx: Tx, trace_id: str, *, within: timedelta) -> list[Step]:
    """The steps of a trace in the order of their beginning; of finished jobs, those that ended `within`."""
    return tx.list(
        Step,
        """
        WITH work AS (
            SELECT j.id AS job_id, j.parent_id, j.tenant_id, j.actor, j.state::text AS state,
                   j.attempt::integer AS attempt, j.enqueued_at, j.started_at,
                   NULL::timestamptz AS finished_at, j.last_error AS note
              FROM outrider.jobs j WHERE j.trace_id = %(trace)s
            UNION ALL
            SELECT l.job_id, l.parent_id, l.tenant_id, l.actor, l.outcome::text,
                   l.attempt::integer, l.enqueued_at, l.started_at, l.finished_at,
                   (SELECT 'letter ' || d.id || ' is ' || d.status || ': ' || d.error_class || ': '
                           || d.error_message
                      FROM outrider.dead_letters d WHERE d.job_id = l.job_id)
              FROM outrider.job_log l
             WHERE l.trace_id = %(trace)s AND l.finished_at > statement_timestamp() - %(within)s::interval
        )
        SELECT 'webhook' AS kind, NULL::bigint AS job_id, NULL::bigint AS parent_id, w.tenant_id,
               s.slug AS name, 'stored' AS state, NULL::integer AS attempt, w.received_at AS at,
               NULL::timestamptz AS started_at, NULL::timestamptz AS finished_at,
               'event ' || w.id AS note
          FROM outrider.webhook_events w JOIN outrider.webhook_sources s ON s.id = w.source_id
         WHERE w.trace_id = %(trace)s
        UNION ALL
        SELECT 'job', job_id, parent_id, tenant_id, actor, state, attempt, enqueued_at, started_at,
               finished_at, note
          FROM work
        UNION ALL
        SELECT 'call', e.job_id, e.job_id, e.tenant_id, e.key, e.state::text, e.calls, e.intent_at,
               e.intent_at, e.settled_at, e.reason
          FROM outrider.effects e WHERE e.job_id IN (SELECT job_id FROM work)
         ORDER BY at, kind DESC, job_id
        """,
        {"trace": trace_id, "within": within},
    )


def of_job(tx: Tx, job_id: int) -> str | None:
    """The trace id of a job, live or over; None when there is no such job or it has none."""
    found = tx.value(
        """
        SELECT coalesce((SELECT trace_id FROM outrider.jobs WHERE id = %(id)s),
                        (SELECT trace_id FROM outrider.job_log WHERE job_id = %(id)s LIMIT 1))
        """,
        {"id": job_id},
    )
    return None if found is None else str(found)
