"""Everything that is on record about a lead, in one order: what was decided, and why."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a lead's story; `at` is business time."""

    at: datetime
    what: str
    text: str


def of_lead(tx: Tx, lead_id: UUID) -> list[Entry]:
    """The story of a lead, oldest first: moves, score, plans, mails both ways, verdicts, CRM."""
    return tx.list(
        Entry,
        """
        SELECT at, what, text FROM (
            SELECT occurred_at AS at, 1 AS rank, id::text AS nth, 'status' AS what,
                   coalesce(from_status::text || ' → ', '') || to_status || ' by ' || cause AS text
              FROM outrider.lead_status_transitions WHERE lead_id = %(lead)s
            UNION ALL
            SELECT s.created_at, 0, s.id::text, 'score',
                   s.score || ' points, ' || s.tier || ': ' || (
                   SELECT string_agg((f ->> 'points') || ' ' || (f ->> 'because'), '; ')
                     FROM jsonb_array_elements(s.factors) f)
              FROM outrider.scores s WHERE s.lead_id = %(lead)s
            UNION ALL
            SELECT e.enrolled_at, 2, e.id::text, 'enrolled',
                   c.name || ', in ' || e.timezone || ' as the ' || e.zone_source || ' says; now ' || e.status
                   || coalesce(': ' || e.stop_reason::text || ' by ' || e.stopped_by, '')
                   || coalesce(': ' || e.hold_reason, '') || coalesce(' until ' || e.resume_at::date, '')
              FROM outrider.enrollments e JOIN outrider.campaigns c ON c.id = e.campaign_id
             WHERE e.lead_id = %(lead)s
            UNION ALL
            SELECT x.due_at, 3, x.id::text, 'step ' || x.step_number,
                   x.status || ': ' || coalesce(x.skip_reason, x.because)
              FROM outrider.step_executions x JOIN outrider.enrollments e ON e.id = x.enrollment_id
             WHERE e.lead_id = %(lead)s
            UNION ALL
            SELECT m.claimed_at, 4, m.id::text, 'mail ' || CASE m.direction WHEN 'outbound' THEN 'out' ELSE 'in' END,
                   m.status || ': ' || coalesce(m.subject, '(no subject)') || coalesce(' (' || m.failed_reason || ')', '')
              FROM outrider.messages m WHERE m.lead_id = %(lead)s
            UNION ALL
            SELECT r.classified_at, 5, r.id::text, 'reply',
                   r.author || ', ' || r.intent || coalesce('/' || r.sub, '') || ', '
                   || coalesce(r.decision::text || ' because ' || r.because, 'not decided yet')
              FROM outrider.replies r WHERE r.lead_id = %(lead)s
            UNION ALL
            SELECT g.occurred_at, 6, g.id::text, 'crm',
                   g.outcome || coalesce(' as ' || g.remote_id, '') || coalesce(': ' || g.error, '')
              FROM outrider.crm_log g WHERE g.lead_id = %(lead)s
        ) entries ORDER BY at, rank, length(nth), nth
        """,
        {"lead": lead_id},
    )
