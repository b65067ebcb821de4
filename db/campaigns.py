"""Tables `campaigns` and `campaign_mailboxes`: who gets a sequence, how many a day, from where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import LiteralString
from uuid import UUID

from db.pool import Tx
from schemas.enums import CampaignStatus
from schemas.errors import NoSuchRow
from schemas.slots import Window


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """A campaign to be; `daily_new_leads` None: as many as there are."""

    name: str
    sequence_id: UUID
    min_score: int
    daily_new_leads: int | None
    window: Window


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign, as it stands."""

    id: UUID
    name: str
    status: CampaignStatus
    sequence_id: UUID
    min_score: int
    daily_new_leads: int | None
    window_days: list[int]
    window_from: time
    window_to: time
    skip_holidays: bool
    paused_reason: str | None
    activated_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", CampaignStatus(self.status))

    @property
    def window(self) -> Window:
        """When this campaign may write, by the lead's own clock."""
        return Window(
            days=frozenset(self.window_days),
            start=self.window_from,
            end=self.window_to,
            skip_holidays=self.skip_holidays,
        )


_SELECT: LiteralString = """
        SELECT id, name, status, sequence_id, min_score, daily_new_leads, window_days, window_from,
               window_to, skip_holidays, paused_reason, activated_at
          FROM outrider.campaigns
"""


def add(tx: Tx, new: NewCampaign) -> Campaign | None:
    """Make a draft; None, and nothing written, when the tenant has a campaign of this name."""
    campaign_id = tx.value(
        """
        INSERT INTO outrider.campaigns (name, sequence_id, min_score, daily_new_leads, window_days,
                                        window_from, window_to, skip_holidays)
        VALUES (%(name)s, %(sequence)s, %(score)s, %(daily)s, %(days)s, %(from)s, %(to)s, %(skip)s)
        ON CONFLICT DO NOTHING RETURNING id
        """,
        {
            "name": new.name,
            "sequence": new.sequence_id,
            "score": new.min_score,
            "daily": new.daily_new_leads,
            "days": sorted(new.window.days),
            "from": new.window.start,
            "to": new.window.end,
            "skip": new.window.skip_holidays,
        },
    )
    return None if campaign_id is None else get(tx, UUID(str(campaign_id)))


def get(tx: Tx, campaign_id: UUID) -> Campaign:
    """A campaign as it stands. Raises NoSuchRow."""
    return _get(tx, campaign_id, _SELECT + " WHERE id = %(id)s")


def get_locked(tx: Tx, campaign_id: UUID) -> Campaign:
    """A campaign that nobody else fills, opens or closes until `tx` ends. Raises NoSuchRow."""
    return _get(tx, campaign_id, _SELECT + " WHERE id = %(id)s FOR NO KEY UPDATE")


def _get(tx: Tx, campaign_id: UUID, query: LiteralString) -> Campaign:
    found = tx.find(Campaign, query, {"id": campaign_id})
    if found is None:
        raise NoSuchRow("campaign", campaign_id)
    return found


def find_by_name(tx: Tx, name: str) -> Campaign | None:
    """The tenant's campaign of this name, or None."""
    return tx.find(Campaign, _SELECT + " WHERE name = %(name)s", {"name": name})


def list_open(tx: Tx) -> list[Campaign]:
    """Campaigns that take leads, oldest first; one that ran out of leads opens again for a new one."""
    return tx.list(
        Campaign, _SELECT + " WHERE status IN ('active', 'completed') ORDER BY activated_at, id"
    )


def activate(tx: Tx, campaign_id: UUID) -> bool:
    """Let a campaign take leads and send; False when it does already."""
    return bool(
        tx.run(
            """
            UPDATE outrider.campaigns
               SET status = 'active', paused_reason = NULL,
                   activated_at = coalesce(activated_at, outrider.now())
             WHERE id = %(id)s AND status <> 'active'
            """,
            {"id": campaign_id},
        )
    )


def pause(tx: Tx, campaign_id: UUID, reason: str) -> bool:
    """Let nothing more be claimed; what is planned waits. False when it is not open."""
    return bool(
        tx.run(
            """
            UPDATE outrider.campaigns SET status = 'paused', paused_reason = %(reason)s
             WHERE id = %(id)s AND status IN ('active', 'completed')
            """,
            {"id": campaign_id, "reason": reason},
        )
    )


def close_if_done(tx: Tx, campaign_id: UUID) -> bool:
    """Complete an active campaign that has written to somebody, and has nobody left to write to.

    Called when an enrollment ended. Takes the campaign's lock, so of the last two one sees the other.
    """
    campaign = get_locked(tx, campaign_id)
    if campaign.status is not CampaignStatus.ACTIVE:
        return False
    return bool(
        tx.run(
            """
            UPDATE outrider.campaigns c SET status = 'completed'
             WHERE c.id = %(id)s
               AND EXISTS (SELECT 1 FROM outrider.enrollments e WHERE e.campaign_id = c.id)
               AND NOT EXISTS (SELECT 1 FROM outrider.enrollments e
                                WHERE e.campaign_id = c.id AND e.status IN ('active', 'held', 'paused'))
               AND NOT EXISTS (SELECT 1 FROM outrider.leads l
                                WHERE l.status = 'scored' AND l.deleted_at IS NULL
                                  AND l.score >= c.min_score AND l.email IS NOT NULL
                                  AND l.email_status <> 'invalid'
                                  AND outrider.suppressed_because(l.email, l.phone, l.linkedin_url,
                                                                   l.company_name, l.company_domain) IS NULL
                                  AND NOT EXISTS (SELECT 1 FROM outrider.enrollments e
                                                   WHERE e.lead_id = l.id AND e.campaign_id = c.id))
            """,
            {"id": campaign_id},
        )
    )


def add_mailboxes(tx: Tx, campaign_id: UUID, mailbox_ids: Sequence[UUID]) -> None:
    """Let a campaign send from these mailboxes too. Idempotent."""
    tx.run(
        """
        INSERT INTO outrider.campaign_mailboxes (campaign_id, mailbox_id)
        SELECT %(campaign)s, unnest(%(mailboxes)s::uuid[]) ON CONFLICT DO NOTHING
        """,
        {"campaign": campaign_id, "mailboxes": list(mailbox_ids)},
    )
