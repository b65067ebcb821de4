"""The way back of a lead that had left the funnel. Refuses every actor: only a person brings it back."""

from collections.abc import Collection
from uuid import UUID

from db import leads
from db.leads import Lead
from db.pool import Tx
from schemas.enums import LeadStatus
from schemas.lead_states import TERMINAL, may_return


def put_back(tx: Tx, lead: Lead, to: LeadStatus, *, cause: str) -> bool:
    """Bring a locked lead back that had left the funnel, by a person's word; False when it had not.

    The database refuses while anything still suppresses the lead, and refuses every actor.
    """
    if not may_return(lead.status, to):
        return False
    return bool(leads.write_moves(tx, [lead], to, cause=cause))


def find_way_back(tx: Tx, lead: Lead) -> LeadStatus | None:
    """Where a lead was before it left the funnel; None when it did not.

    A sequence that was stopped does not go on: who was in one is scored, and may enter another.
    """
    if lead.status not in TERMINAL:
        return None
    before = tx.value(
        """
        SELECT from_status FROM outrider.lead_status_transitions
         WHERE lead_id = %(id)s ORDER BY id DESC LIMIT 1
        """,
        {"id": lead.id},
    )
    was = LeadStatus(str(before))
    if may_return(lead.status, was):
        return was
    return LeadStatus.SCORED if lead.score is not None else LeadStatus.NEW


def list_candidates(tx: Tx, lead_ids: Collection[UUID]) -> list[Lead]:
    """Those of these leads that left the funnel and that nothing suppresses now, locked."""
    found = tx.conn.execute(
        """
        SELECT l.id FROM outrider.leads l
         WHERE l.id = ANY(%(ids)s) AND l.status IN ('unsubscribed', 'bounced')
           AND outrider.suppressed_because(l.email, l.phone, l.linkedin_url, l.company_name,
                                           l.company_domain) IS NULL
         ORDER BY l.id
        """,
        {"ids": list(lead_ids)},
    ).fetchall()
    return leads.list_locked(tx, [UUID(str(lead_id)) for (lead_id,) in found])
