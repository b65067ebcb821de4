"""Queries that must return no rows: `outrider doctor`, a cron job, and every test's teardown.

Each names a subject ("job 7") and says in a sentence what is wrong with it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString

from db.invariants_engine import ENGINE
from db.invariants_models import MODELS
from db.invariants_outreach import OUTREACH
from db.invariants_usage import USAGE
from db.pool import Tx

_GRACE = timedelta(seconds=5)
"""What a sweep every second may be late by on a busy machine."""

INVARIANTS: dict[str, LiteralString] = {
    "jobs.lost": """
        SELECT 'job ' || k.job_id, 'was enqueued under ' || k.key || ' and is neither alive nor in the log'
          FROM outrider.job_keys k
         WHERE NOT EXISTS (SELECT 1 FROM outrider.jobs j WHERE j.id = k.job_id)
           AND NOT EXISTS (SELECT 1 FROM outrider.job_log l WHERE l.job_id = k.job_id)
           AND k.made_at > clock_timestamp() - interval '30 days'
    """,
    "jobs.twice": """
        SELECT 'job ' || j.id, 'is still alive although the log says ' || l.outcome
          FROM outrider.jobs j JOIN outrider.job_log l ON l.job_id = j.id
    """,
    "jobs.logged_twice": """
        SELECT 'job ' || l.job_id, 'has two lines in the log: the earlier says ' || o.outcome
               || ', the later ' || l.outcome
          FROM outrider.job_log l
          JOIN outrider.job_log o ON o.job_id = l.job_id AND o.finished_at < l.finished_at
         WHERE l.finished_at > now() - interval '1 day'
    """,
    "jobs.overdue": """
        SELECT 'job ' || j.id, 'is ' || j.state || ' past its lease and was not swept'
          FROM outrider.jobs j LEFT JOIN outrider.sessions s ON s.id = j.session_id
         WHERE (j.state = 'dispatched' AND j.lease_until < clock_timestamp() - %(grace)s)
            OR (j.state = 'running' AND (j.deadline_at < clock_timestamp() - %(grace)s
                OR coalesce(s.beat_at, j.started_at) < clock_timestamp() - %(lease)s - %(grace)s))
    """,
    "jobs.stranger": """
        SELECT 'job ' || j.id, 'belongs to no tenant that exists'
          FROM outrider.jobs j
         WHERE j.tenant_id IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM outrider.tenants t WHERE t.id = j.tenant_id)
    """,
    "jobs.paused": """
        SELECT 'job ' || j.id, 'was started after its tenant or actor was paused'
          FROM outrider.jobs j JOIN outrider.pauses p ON p.tenant_id = j.tenant_id OR p.actor = j.actor
         WHERE j.state = 'running' AND j.started_at > p.paused_at + %(grace)s
    """,
    "dead.unlogged": """
        SELECT 'job ' || coalesce(d.job_id, l.job_id),
               CASE WHEN l.job_id IS NULL THEN 'has a dead letter and no line in the log'
                    ELSE 'died by the log and left no dead letter' END
          FROM outrider.dead_letters d
          FULL JOIN (SELECT job_id FROM outrider.job_log WHERE outcome = 'dead') l ON l.job_id = d.job_id
         WHERE l.job_id IS NULL OR d.job_id IS NULL
    """,
    "dead.replay_lost": """
        SELECT 'dead letter ' || d.id, 'was replayed as job ' || d.replay_job_id || ', which is nowhere'
          FROM outrider.dead_letters d
         WHERE d.status = 'replayed'
           AND NOT EXISTS (SELECT 1 FROM outrider.jobs j WHERE j.id = d.replay_job_id)
           AND NOT EXISTS (SELECT 1 FROM outrider.job_log l WHERE l.job_id = d.replay_job_id)
    """,
    "effects.doubt_unparked": """
        SELECT 'effect ' || e.key, 'is in doubt and job ' || e.job_id || ' is not parked'
          FROM outrider.effects e
         WHERE e.state = 'in_doubt'
           AND NOT EXISTS (SELECT 1 FROM outrider.jobs j
                            WHERE j.tenant_id = e.tenant_id AND j.parked_on = e.key)
           AND NOT EXISTS (SELECT 1 FROM outrider.job_log l
                            WHERE l.job_id = e.job_id AND l.outcome IN ('cancelled', 'dead'))
        UNION ALL
        SELECT 'job ' || j.id, 'is parked on ' || j.parked_on || ', which is not in doubt'
          FROM outrider.jobs j
         WHERE j.state = 'parked' AND NOT EXISTS (
               SELECT 1 FROM outrider.effects e
                WHERE e.tenant_id = j.tenant_id AND e.key = j.parked_on AND e.state = 'in_doubt')
    """,
    "effects.unsettled": """
        SELECT 'effect ' || e.key, 'was never settled although job ' || e.job_id || ' is ' || l.outcome
          FROM outrider.effects e JOIN outrider.job_log l ON l.job_id = e.job_id
         WHERE e.state = 'intent' AND e.token <> 0 AND (l.outcome = 'done' OR e.class = 'unrepeatable')
    """,
    "cron.gap": """
        SELECT 'schedule ' || f.name, 'fired at ' || f.fire_at || ' after ' || coalesce(f.previous_at::text, 'nothing')
               || ', which is not the fire before it'
          FROM (SELECT name, fire_at, previous_at,
                       lag(fire_at) OVER (PARTITION BY name ORDER BY fire_at) AS before
                  FROM outrider.cron_fires) f
         WHERE f.previous_at IS DISTINCT FROM f.before
           AND f.before IS NOT NULL                   -- the oldest fire that is kept follows forgotten ones
    """,
    "cron.jobless": """
        SELECT 'schedule ' || f.name, 'fired at ' || f.fire_at || ' and job ' || f.job_id || ' is nowhere'
          FROM outrider.cron_fires f
         WHERE NOT EXISTS (SELECT 1 FROM outrider.jobs j WHERE j.id = f.job_id)
           AND NOT EXISTS (SELECT 1 FROM outrider.job_log l WHERE l.job_id = f.job_id)
           AND f.fired_at > clock_timestamp() - interval '30 days'
    """,
    "leads.unexplained": """
        SELECT 'lead ' || l.id, 'is ' || l.status || ' and its history ends with '
               || coalesce(t.to_status::text, 'nothing')
          FROM outrider.leads l LEFT JOIN LATERAL (
               SELECT to_status FROM outrider.lead_status_transitions t
                WHERE t.tenant_id = l.tenant_id AND t.lead_id = l.id ORDER BY t.id DESC LIMIT 1) t ON true
         WHERE l.status IS DISTINCT FROM t.to_status
    """,
    "leads.broken_history": """
        SELECT 'lead ' || h.lead_id, 'moved from ' || coalesce(h.from_status::text, 'nothing')
               || ' when it was ' || coalesce(h.before::text, 'nothing')
          FROM (SELECT lead_id, from_status,
                       lag(to_status) OVER (PARTITION BY lead_id ORDER BY id) AS before
                  FROM outrider.lead_status_transitions) h
         WHERE h.from_status IS DISTINCT FROM h.before
    """,
    "leads.unproven": """
        SELECT 'lead ' || l.id, 'is ' || l.status || ' without a current enrichment result'
          FROM outrider.leads l
         WHERE l.status IN ('enriched', 'scored') AND l.erased_at IS NULL AND NOT EXISTS (
               SELECT 1 FROM outrider.enrichment_results r WHERE r.lead_id = l.id AND r.is_current)
    """,
    "enrichments.uncalled": """
        SELECT 'lead ' || r.lead_id, 'rests on ' || k.key || ', a call that the ledger does not know as done'
          FROM outrider.enrichment_results r CROSS JOIN LATERAL unnest(r.effect_keys) AS k (key)
         WHERE NOT EXISTS (SELECT 1 FROM outrider.effects e
                            WHERE e.tenant_id = r.tenant_id AND e.key = k.key AND e.state = 'done')
    """,
    "scores.sum": """
        SELECT 'score of lead ' || s.lead_id, 'is ' || s.score || ' and its factors add up to ' || f.total
          FROM outrider.scores s CROSS JOIN LATERAL (
               SELECT coalesce(sum((factor ->> 'points')::integer), 0) AS total
                 FROM jsonb_array_elements(s.factors) AS factor) f
         WHERE f.total <> s.score
    """,
    "scores.stale": """
        SELECT 'lead ' || l.id, 'shows score ' || coalesce(l.score::text, 'none') || ' and the current one is '
               || coalesce(s.score::text, 'none')
          FROM outrider.leads l LEFT JOIN outrider.scores s ON s.lead_id = l.id AND s.is_current
         WHERE (l.score, l.tier) IS DISTINCT FROM (s.score, s.tier)
    """,
    "webhooks.unheard": """
        SELECT 'webhook event ' || w.id, 'was accepted and nothing follows from it'
          FROM outrider.webhook_events w
         WHERE NOT EXISTS (
               SELECT 1 FROM outrider.job_keys k
                WHERE k.tenant_id = w.tenant_id AND w.lead_id IS NOT NULL
                  AND k.key = 'lead.captured:' || w.source_id || ':' || w.external_id || '>lead.enrich')
           AND NOT EXISTS (SELECT 1 FROM outrider.mails m WHERE m.id = w.mail_id)
    """,
    "people.half_erased": """
        SELECT 'person ' || left(a.resource_id, 12), 'was to be forgotten and is still there: `outrider person erase` broke off; run it again'
          FROM outrider.audit_logs a
         WHERE a.resource_type = 'person' AND a.action = 'erase.begin' AND a.created_at < outrider.now() - interval '1 hour'
           AND NOT EXISTS (
               SELECT 1 FROM outrider.audit_logs e
                WHERE e.resource_type = 'person' AND e.resource_id = a.resource_id AND e.action = 'erase'
                  AND e.tenant_id IS NOT DISTINCT FROM a.tenant_id AND e.created_at >= a.created_at)
    """,
    "tenancy.unprotected": """
        SELECT 'schema', problem FROM outrider.unprotected()
    """,
    **ENGINE,
    **OUTREACH,
    **USAGE,
    **MODELS,
}


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must never be true, and is."""

    invariant: str
    subject: str
    problem: str


def check(
    tx: Tx, *, lease: timedelta, limit: int = 100, known: Collection[str] = ()
) -> list[Violation]:
    """Every violation, `limit` per invariant at most; an empty list is health.

    `known`: names that the caller knows to hold, which are not asked again. Needs the operator's hat: invariants look at all tenants, and at no personal data.
    """
    found: list[Violation] = []
    for name, query in INVARIANTS.items():
        if name in known:
            continue
        rows = tx.conn.execute(query, {"grace": _GRACE, "lease": lease}).fetchmany(limit)
        found += [Violation(name, str(subject), str(problem)) for subject, problem in rows]
    return found
