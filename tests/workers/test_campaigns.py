"""`fill_campaigns`: every lead that waits, once, as many as a day allows, by the emptiest mailbox."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from db import campaigns, mailboxes, suppressions
from schemas.enums import (
    CampaignStatus,
    JobOutcome,
    LeadStatus,
    SuppressionKind,
    SuppressionReason,
)
from schemas.jobs import FillCampaigns
from tests.fix_outreach import MONDAY, THREE, Outreach
from workers.actor import registered

FILL = registered()[FillCampaigns.name]
PER_DAY = "SELECT enrolled_at::date, count(*) FROM outrider.enrollments GROUP BY 1 ORDER BY 1"


def enrolled(outreach: Outreach) -> int:
    [(count,)] = outreach.peek("SELECT count(*) FROM outrider.enrollments")
    return int(count)


@pytest.mark.system(2)
def test_a_campaign_takes_ten_leads_a_working_day_stops_when_paused_and_completes_by_itself(
    outreach: Outreach,
) -> None:
    """Activating a campaign with 25 leads and a daily limit of 10 enrolls 10, 10, 5 on three
    working days, then the campaign becomes completed by itself; pausing stops the next due
    step within one tick
    """
    friday = MONDAY + timedelta(days=4)
    outreach.at(friday)
    campaign_id = outreach.campaign(outreach.mailbox(cap=100), texts=THREE[:1], daily=10)
    for number in range(25):
        outreach.lead(f"p{number}@example.test")
    outreach.fill()
    assert enrolled(outreach) == 10
    for _ in range(2):
        outreach.attempt_next(FillCampaigns.name)
    monday = friday + timedelta(days=3)
    assert outreach.peek(PER_DAY) == [
        (friday.date(), 10), (monday.date(), 10), (monday.date() + timedelta(days=1), 5)]  # fmt: skip
    with outreach.database.tenant(outreach.tenant) as tx:
        campaigns.pause(tx, campaign_id, "a typo")
    send_next(outreach)
    assert outreach.sender.sent == []
    with outreach.database.tenant(outreach.tenant) as tx:
        campaigns.activate(tx, campaign_id)
    while outreach.peek("SELECT 1 FROM outrider.jobs WHERE actor = 'step.send'"):
        assert status(outreach, campaign_id) is CampaignStatus.ACTIVE
        send_next(outreach)
    assert len({mail.recipient for mail in outreach.sender.sent}) == 25
    assert len(outreach.sender.sent) == 25
    assert status(outreach, campaign_id) is CampaignStatus.COMPLETED


def send_next(outreach: Outreach) -> None:
    """One tick: the step that is due first, at its moment, or now when that has passed."""
    [(job_id, due_at)] = outreach.peek(
        "SELECT id, due_at FROM outrider.jobs WHERE actor = 'step.send' ORDER BY due_at, id LIMIT 1"
    )
    outreach.at(max(due_at, outreach.now()))
    outreach.attempt(job_id)


def status(outreach: Outreach, campaign_id: UUID) -> CampaignStatus:
    with outreach.database.tenant(outreach.tenant) as tx:
        return campaigns.get(tx, campaign_id).status


def test_a_new_lead_opens_a_completed_campaign_again(outreach: Outreach) -> None:
    campaign_id = outreach.campaign(outreach.mailbox(), texts=THREE[:1])
    outreach.send(outreach.enroll("one@example.test").id)
    with outreach.database.tenant(outreach.tenant) as tx:
        assert campaigns.get(tx, campaign_id).status is CampaignStatus.COMPLETED
    outreach.send(outreach.enroll("two@example.test").id)
    assert len(outreach.sender.sent) == 2


def test_filling_again_enrolls_nobody_twice(outreach: Outreach) -> None:
    bob = outreach.enroll("bob@example.test")
    for _ in range(2):
        assert outreach.bench.state(outreach.fill()) == (JobOutcome.DONE, 1)
    assert enrolled(outreach) == 1
    assert len(outreach.steps(bob.id)) == 1
    assert outreach.status_of(bob.lead_id) is LeadStatus.IN_SEQUENCE


def test_fills_that_race_take_no_lead_twice_and_none_too_many(outreach: Outreach) -> None:
    outreach.campaign(outreach.mailbox(), daily=7)
    for number in range(20):
        outreach.lead(f"p{number}@example.test")
    jobs = [outreach.bench.queue(FillCampaigns()) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda job_id: outreach.attempt(job_id, FillCampaigns.name), jobs))
    assert enrolled(outreach) == 7
    [(fulls,)] = outreach.peek("SELECT count(*) FROM outrider.jobs WHERE actor = 'campaign.fill'")
    assert fulls == 1  # one wait for tomorrow, however many found the campaign full


def test_only_leads_that_may_be_written_to_are_taken(outreach: Outreach) -> None:
    outreach.lead("low@example.test", score=39)
    outreach.lead("good@example.test", score=40)
    outreach.lead("gone@example.test")
    outreach.lead("left@alone.test")
    bad = outreach.lead("bad@example.test")
    outreach.peek("UPDATE outrider.leads SET email_status = 'invalid' WHERE id = %s", bad)
    with outreach.database.tenant(outreach.tenant) as tx:
        suppressions.add(tx, SuppressionKind.EMAIL, "Gone@example.test",
                         SuppressionReason.UNSUBSCRIBE, "test")  # fmt: skip
        suppressions.add(
            tx, SuppressionKind.DOMAIN, "alone.test", SuppressionReason.CUSTOMER, "test"
        )
    outreach.campaign(outreach.mailbox(), min_score=40)
    outreach.fill()
    assert outreach.peek(
        """
        SELECT l.email FROM outrider.enrollments e JOIN outrider.leads l ON l.id = e.lead_id
        """
    ) == [("good@example.test",)]


def test_a_lead_is_live_in_one_campaign_at_a_time(outreach: Outreach) -> None:
    mailbox_id = outreach.mailbox()
    outreach.campaign(mailbox_id, name="first")
    outreach.campaign(mailbox_id, name="second")
    outreach.lead("bob@example.test")
    outreach.fill()
    assert enrolled(outreach) == 1


@pytest.mark.system(35)
def test_the_mailbox_with_the_fewest_conversations_is_chosen_and_a_paused_one_is_not(
    outreach: Outreach,
) -> None:
    one, two, paused = (outreach.mailbox(f"m{n}@acme.test") for n in range(3))
    with outreach.database.tenant(outreach.tenant) as tx:
        mailboxes.pause(tx, paused, "test")
    outreach.campaign(one, two, paused)
    for number in range(7):
        outreach.lead(f"p{number}@example.test")
    outreach.fill()
    counts = dict(outreach.peek("SELECT mailbox_id, count(*) FROM outrider.enrollments GROUP BY 1"))
    assert sorted(counts.values()) == [3, 4]
    assert paused not in counts


def test_without_an_active_mailbox_the_leads_wait_an_hour(outreach: Outreach) -> None:
    mailbox_id = outreach.mailbox()
    with outreach.database.tenant(outreach.tenant) as tx:
        mailboxes.pause(tx, mailbox_id, "test")
    outreach.campaign(mailbox_id)
    outreach.lead("bob@example.test")
    outreach.fill()
    assert enrolled(outreach) == 0
    with outreach.database.tenant(outreach.tenant) as tx:
        mailboxes.resume(tx, mailbox_id)
    outreach.attempt_next(FillCampaigns.name)
    assert enrolled(outreach) == 1


def test_the_zone_comes_from_the_lead_then_its_country_then_the_tenant(outreach: Outreach) -> None:
    told = outreach.enroll("a@example.test", timezone="Asia/Tokyo", country="DE")
    there = outreach.enroll("b@example.test", country="DE")
    here = outreach.enroll("c@example.test")
    assert (told.timezone, there.timezone, here.timezone) == ("Asia/Tokyo", "Europe/Berlin", "UTC")
    assert outreach.peek("SELECT zone_source FROM outrider.enrollments ORDER BY enrolled_at, id") == [
        ("lead",), ("country",), ("tenant",)]  # fmt: skip


def test_a_limit_per_day_is_one_of_the_tenants_own_days(outreach: Outreach) -> None:
    outreach.peek("UPDATE outrider.tenants SET timezone = 'Pacific/Auckland'")
    outreach.at(datetime(2026, 11, 23, 10, 30, tzinfo=UTC))  # still Monday there, for half an hour
    outreach.campaign(outreach.mailbox(), daily=1)
    outreach.lead("a@example.test")
    outreach.lead("b@example.test")
    outreach.fill()
    outreach.at(datetime(2026, 11, 23, 11, 0, tzinfo=UTC))  # Tuesday in Auckland
    outreach.fill()
    assert enrolled(outreach) == 2


def test_many_leads_are_enrolled_in_slices(outreach: Outreach) -> None:
    outreach.campaign(outreach.mailbox(cap=1000))
    for number in range(205):
        outreach.lead(f"p{number}@example.test")
    outreach.fill()
    assert enrolled(outreach) == 205
    assert outreach.peek("SELECT count(*) FROM outrider.jobs WHERE actor = 'step.send'") == [(205,)]
