"""Who waits for a campaign, who may write to them, and how far a day's allowance has been used."""

from dataclasses import dataclass
from uuid import UUID

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lead that a campaign may take, with what its zone is concluded from."""

    id: UUID
    country: str | None
    timezone: str | None


@dataclass(frozen=True, slots=True)
class Load:
    """A mailbox that may send for a campaign, and for how many live conversations it does."""

    mailbox_id: UUID
    live: int
    blocked: bool
    """Whether its server refuses or fails just now, so that it starts nothing for a while."""


def list_waiting(tx: Tx, campaign_id: UUID, *, limit: int) -> list[Waiting]:
    """Leads that the campaign may take now, the best first, locked; one locked by others is left out.

    A lead waits when it is scored high enough, has an address that is neither invalid nor
    suppressed, was never in this campaign, and is not live in another.
    """
    return tx.list(
        Waiting,
        """
        SELECT l.id, l.country, l.timezone
          FROM outrider.leads l JOIN outrider.campaigns c ON c.id = %(campaign)s
         WHERE l.status = 'scored' AND l.deleted_at IS NULL AND l.score >= c.min_score
           AND l.email IS NOT NULL AND l.email_status <> 'invalid'
           AND NOT EXISTS (SELECT 1 FROM outrider.enrollments e
                            WHERE e.lead_id = l.id AND (e.campaign_id = c.id
                                  OR e.status IN ('active', 'held', 'paused')))
           AND outrider.suppressed_because(l.email, l.phone, l.linkedin_url, l.company_name, l.company_domain) IS NULL
         ORDER BY l.score DESC, l.id LIMIT %(limit)s
           FOR NO KEY UPDATE OF l SKIP LOCKED
        """,
        {"campaign": campaign_id, "limit": limit},
    )


def count_enrolled_today(tx: Tx, campaign_id: UUID) -> int:
    """How many leads the campaign took since midnight, by the tenant's own clock."""
    return int(
        str(
            tx.value(
                """
                SELECT count(*) FROM outrider.enrollments e
                  JOIN outrider.tenants t ON t.id = e.tenant_id
                 WHERE e.campaign_id = %(campaign)s
                   AND (e.enrolled_at AT TIME ZONE t.timezone)::date
                     = (outrider.now() AT TIME ZONE t.timezone)::date
                """,
                {"campaign": campaign_id},
            )
        )
    )


def list_loads(tx: Tx, campaign_id: UUID) -> list[Load]:
    """The campaign's active mailboxes with the number of live enrollments of each, by id."""
    return tx.list(
        Load,
        """
        SELECT m.id AS mailbox_id, count(e.id) AS live,
               EXISTS (SELECT 1 FROM outrider.lanes n
                        WHERE n.tenant_id = m.tenant_id AND n.actor = 'step.send'
                          AND n.key = 'mailbox:' || m.id
                          AND (n.blocked_until > clock_timestamp() OR n.paused_at IS NOT NULL)) AS blocked
          FROM outrider.campaign_mailboxes cm
          JOIN outrider.mailboxes m ON m.id = cm.mailbox_id AND m.deleted_at IS NULL
          LEFT JOIN outrider.enrollments e
                 ON e.mailbox_id = m.id AND e.status IN ('active', 'held', 'paused')
         WHERE cm.campaign_id = %(campaign)s AND m.status = 'active'
         GROUP BY m.id ORDER BY m.id
        """,
        {"campaign": campaign_id},
    )


def tenant_zone(tx: Tx) -> str:
    """The IANA zone of the tenant that this transaction is in."""
    return str(
        tx.value("SELECT timezone FROM outrider.tenants WHERE id = outrider.current_tenant_id()")
    )


def take(tx: Tx, lead_ids: list[UUID], *, cause: str) -> None:
    """Move scored leads into a sequence, each with its line of history."""
    tx.run(
        """
        WITH moved AS (
            UPDATE outrider.leads SET status = 'in_sequence'
             WHERE id = ANY(%(ids)s) AND status = 'scored' RETURNING id
        )
        INSERT INTO outrider.lead_status_transitions (lead_id, from_status, to_status, cause)
        SELECT id, 'scored', 'in_sequence', %(cause)s FROM moved
        """,
        {"ids": lead_ids, "cause": cause},
    )
