"""Everything that is on record about a lead, in one order: what was decided, and why.

Read from the tables that hold the facts; `activities` adds what none of them remembers.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a lead's story; `at` is business time."""

    at: datetime
    what: str
    text: str


_WHAT_WE_KNOW: LiteralString = """
        SELECT at, what, text FROM (
            SELECT a.occurred_at AS at, CASE a.kind WHEN 'captured' THEN 0 WHEN 'enrollment' THEN 5 ELSE 9 END AS rank,
                   a.id::text AS nth, a.kind::text AS what, a.text
              FROM outrider.activities a WHERE a.lead_id = %(lead)s
            UNION ALL
            SELECT occurred_at, 3, id::text, 'status',
                   coalesce(from_status::text || ' → ', '') || to_status || ' by ' || cause
              FROM outrider.lead_status_transitions WHERE lead_id = %(lead)s
            UNION ALL
            SELECT r.created_at, 1, r.id::text, 'enriched', coalesce((
                   SELECT 'found ' || string_agg(f.key || ' (' || (f.value ->> 'source') || ')', ', ' ORDER BY f.key)
                     FROM jsonb_each(r.fields) f WHERE f.value ->> 'source' <> 'given'), 'found nothing new')
              FROM outrider.enrichment_results r WHERE r.lead_id = %(lead)s
            UNION ALL
            SELECT s.created_at, 2, s.id::text, 'score',
                   s.score || ' points, ' || s.tier || ': ' || (
                   SELECT string_agg((f ->> 'points') || ' ' || (f ->> 'because'), '; ')
                     FROM jsonb_array_elements(s.factors) f)
              FROM outrider.scores s WHERE s.lead_id = %(lead)s
            UNION ALL
"""
_WHAT_WE_DID: LiteralString = """
            SELECT e.enrolled_at, 4, e.id::text, 'enrolled',
                   c.name || ', in ' || e.timezone || ' as the ' || e.zone_source || ' says; now ' || e.status
                   || coalesce(': ' || e.stop_reason::text || ' by ' || e.stopped_by, '')
                   || coalesce(': ' || e.hold_reason, '') || coalesce(' until ' || e.resume_at::date, '')
              FROM outrider.enrollments e JOIN outrider.campaigns c ON c.id = e.campaign_id
             WHERE e.lead_id = %(lead)s
            UNION ALL
            SELECT CASE x.status WHEN 'scheduled' THEN x.due_at WHEN 'sent' THEN x.sent_at ELSE x.updated_at END,
                   6, x.id::text, 'step ' || x.step_number,
                   x.status || ': ' || coalesce(x.skip_reason, x.because)
              FROM outrider.step_executions x JOIN outrider.enrollments e ON e.id = x.enrollment_id
             WHERE e.lead_id = %(lead)s
            UNION ALL
            SELECT m.claimed_at, 7, m.id::text, 'mail ' || CASE m.direction WHEN 'outbound' THEN 'out' ELSE 'in' END,
                   m.status || ': ' || coalesce(m.subject, '(no subject)') || coalesce(' (' || m.failed_reason || ')', '')
              FROM outrider.messages m WHERE m.lead_id = %(lead)s
            UNION ALL
            SELECT r.classified_at, 8, r.id::text, 'reply',
                   r.author || ', ' || r.intent || coalesce('/' || r.sub, '')
                   || CASE WHEN r.decision IS NULL THEN ', not decided yet' ELSE '' END
              FROM outrider.replies r WHERE r.lead_id = %(lead)s
            UNION ALL
            SELECT r.decided_at, 8, r.id::text, 'verdict',
                   r.decision::text || ' because ' || r.because || coalesce(', reviewed by ' || r.reviewed_by, '')
              FROM outrider.replies r WHERE r.lead_id = %(lead)s AND r.decided_at IS NOT NULL
            UNION ALL
            SELECT g.occurred_at, 10, g.id::text, 'crm',
                   g.outcome || coalesce(' as ' || g.remote_id, '') || coalesce(': ' || g.error, '')
              FROM outrider.crm_log g WHERE g.lead_id = %(lead)s
        ) entries ORDER BY at, rank, length(nth), nth
"""


def of_lead(tx: Tx, lead_id: UUID) -> list[Entry]:
    """The story of a lead, oldest first: arrivals, findings, scores, moves, plans, mails, verdicts, CRM."""
    return tx.list(Entry, _WHAT_WE_KNOW + _WHAT_WE_DID, {"lead": lead_id})
