"""Enrolls the leads that a tenant's campaigns wait for, as many as a day allows.

Goes on in slices, each under the campaign's lock, so that fills which race take no lead twice and
no lead too many.
"""

import heapq
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from db import Tx, campaign_leads, campaigns, clock, enrollments, sequences
from db.campaign_leads import Load, Waiting
from db.campaigns import Campaign
from db.enrollments import NewEnrollment
from db.steps import Plan
from schemas import zones
from schemas.enums import CampaignStatus
from schemas.events import CampaignFull
from schemas.jobs import FillCampaigns
from schemas.slots import next_slot
from workers import planning
from workers.actor import actor
from workers.context import Context
from workers.retry import QUICK

_SLICE = 200
"""Leads per transaction: the campaign is locked for as long as one of them takes."""
_OPEN = {CampaignStatus.ACTIVE, CampaignStatus.COMPLETED}


@actor(FillCampaigns, queue="sequencing", retry=QUICK, limit=timedelta(minutes=5))
def fill_campaigns(job: FillCampaigns, ctx: Context) -> None:
    """Safe to run twice: who is enrolled is not enrolled again, and today's count is in the book."""
    del job
    with ctx.transaction() as tx:
        known = campaigns.list_open(tx)
    for campaign in known:
        while taken := _fill(ctx, campaign.id):
            ctx.log.info("campaign.filled", campaign_id=str(campaign.id), leads=taken)


def _fill(ctx: Context, campaign_id: UUID) -> int:
    """One slice: how many leads were enrolled; 0 when there is nothing left to do today."""
    with ctx.transaction() as tx:
        campaign = campaigns.get_locked(tx, campaign_id)
        if campaign.status not in _OPEN:
            return 0
        zone, now = campaign_leads.tenant_zone(tx), clock.read(tx)
        room = _room(tx, campaign, now.astimezone(ZoneInfo(zone)))
        waiting = campaign_leads.list_waiting(tx, campaign_id, limit=max(room, 1))
        if not waiting:
            return 0
        loads = campaign_leads.list_loads(tx, campaign_id)
        if not loads or not room:
            again = _next_day(campaign, now, zone) if loads else _next_hour(now)
            key = f"{campaign_id}:{again.isoformat()}"
            ctx.emit(tx, CampaignFull(campaign_id=campaign_id, due_at=again), key=key)
            return 0
        return _enroll(ctx, tx, campaign, waiting, _senders(loads), now, zone)


def _room(tx: Tx, campaign: Campaign, today: datetime) -> int:
    """How many leads this slice may take; a daily limit is one of working days."""
    if campaign.daily_new_leads is None:
        return _SLICE
    if today.isoweekday() not in campaign.window.days:
        return 0
    left = campaign.daily_new_leads - campaign_leads.count_enrolled_today(tx, campaign.id)
    return max(0, min(left, _SLICE))


def _next_day(campaign: Campaign, now: datetime, zone: str) -> datetime:
    tomorrow = planning.days_after(now, 1, zone)
    return next_slot(
        tomorrow, window=campaign.window, zone=zone, country=None, seed="", spread=False
    ).at


def _next_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _senders(loads: Sequence[Load]) -> Iterator[UUID]:
    """Mailboxes without end, always the one with the fewest live conversations.

    One that is blocked gets none while another is not: its leads would wait for its server.
    """
    blocked = all(load.blocked for load in loads)
    heap = [(load.live, load.mailbox_id) for load in loads if load.blocked == blocked]
    heapq.heapify(heap)
    while True:
        live, mailbox_id = heap[0]
        yield mailbox_id
        heapq.heapreplace(heap, (live + 1, mailbox_id))


def _enroll(
    ctx: Context,
    tx: Tx,
    campaign: Campaign,
    waiting: Sequence[Waiting],
    senders: Iterator[UUID],
    now: datetime,
    default_zone: str,
) -> int:
    new = {lead.id: _enrollment(campaign, lead, next(senders), default_zone) for lead in waiting}
    countries = {lead.id: lead.country for lead in waiting}
    enrolled = enrollments.add(tx, list(new.values()))
    campaigns.activate(tx, campaign.id)  # one that was completed has somebody to write to again
    campaign_leads.take(tx, [one.lead_id for one in enrolled], cause=ctx.job.name)
    first = sequences.list_steps(tx, campaign.sequence_id)[0]
    plans = list[Plan]()
    for one in enrolled:
        zone = new[one.lead_id].timezone
        earliest = max(now, planning.days_after(now, first.delay_days, zone))
        slot = planning.slot_for(one.id, 1, earliest, window=campaign.window, zone=zone,
                                 country=countries[one.lead_id])  # fmt: skip
        plans.append(Plan(one.id, 1, slot.at, 1, f"enrolled; {slot.because}"))
    planning.schedule(ctx, tx, plans)
    return len(enrolled)


def _enrollment(
    campaign: Campaign, lead: Waiting, mailbox_id: UUID, default_zone: str
) -> NewEnrollment:
    zone = zones.resolve(lead.timezone, lead.country, default_zone)
    return NewEnrollment(
        campaign_id=campaign.id,
        sequence_id=campaign.sequence_id,
        lead_id=lead.id,
        mailbox_id=mailbox_id,
        timezone=zone.name,
        zone_source=zone.source,
        token=secrets.token_urlsafe(16),
    )
