"""When a step may not go out yet: windows, caps, pauses; it is planned anew, never dropped."""

from datetime import timedelta

import pytest

from db import campaigns, mailbox_days
from db.enrollments import Enrollment
from schemas.enums import EnrollmentStatus, JobOutcome, StepStatus
from schemas.jobs import SendStep
from tests.factories import pick, promote
from tests.fix_outreach import MONDAY, Outreach


def late(outreach: Outreach, bob: Enrollment, by: timedelta) -> None:
    """The job of the waiting step runs so much too late."""
    step = outreach.steps(bob.id)[-1]
    job_id = outreach.job_of(step)
    outreach.at(step.due_at + by)
    outreach.attempt(job_id)
    assert outreach.bench.state(job_id)[0] is JobOutcome.DONE


def test_a_step_that_comes_out_of_its_window_is_sent_on_the_next_working_day(
    outreach: Outreach,
) -> None:
    bob = outreach.enroll()
    before = outreach.steps(bob.id)[0]
    late(outreach, bob, timedelta(hours=9))
    after = outreach.steps(bob.id)[0]
    assert outreach.mails() == []
    assert after.status is StepStatus.SCHEDULED
    assert after.epoch == before.epoch
    assert after.due_at > outreach.now()
    assert after.because.startswith("it was late, and out of the window; ")
    outreach.send(bob.id)
    assert len(outreach.mails()) == 1


@pytest.mark.system(35)
def test_what_is_above_the_cap_of_a_mailbox_goes_out_on_a_later_day(outreach: Outreach) -> None:
    outreach.campaign(outreach.mailbox(cap=2))
    people = [outreach.enroll(f"p{n}@example.test") for n in range(3)]
    for one in sorted(people, key=lambda one: outreach.steps(one.id)[0].due_at):
        outreach.send(one.id)
    assert len(outreach.mails()) == 2
    [waiting] = [s for one in people for s in outreach.steps(one.id)
                 if s.step_number == 1 and s.status is StepStatus.SCHEDULED]  # fmt: skip
    assert waiting.because.startswith("sales@acme.test sent its 2 mails of today; ")
    assert waiting.due_at.date() > outreach.now().date()
    outreach.send(waiting.enrollment_id)
    assert len(outreach.mails()) == 3


@pytest.mark.system(2)
def test_pausing_a_campaign_stops_the_next_due_step_and_activating_it_lets_it_go(
    outreach: Outreach,
) -> None:
    bob = outreach.enroll()
    with outreach.database.tenant(outreach.tenant) as tx:
        assert campaigns.pause(tx, bob.campaign_id, "a typo")
        assert not campaigns.pause(tx, bob.campaign_id, "again")
    outreach.send(bob.id)
    assert outreach.mails() == []
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.ACTIVE
    assert outreach.steps(bob.id)[0].because.startswith("the campaign is paused; ")
    with outreach.database.tenant(outreach.tenant) as tx:
        assert campaigns.activate(tx, bob.campaign_id)
    outreach.send(bob.id)
    assert len(outreach.mails()) == 1


@pytest.mark.system(38)
def test_a_planned_mail_leaves_at_its_moment_and_not_before(outreach: Outreach) -> None:
    outreach.at(MONDAY.replace(hour=6))  # before the window opens
    bob = outreach.enroll()
    step = outreach.steps(bob.id)[0]
    job_id = outreach.job_of(step)
    outreach.at(step.due_at - timedelta(seconds=1))
    promote(outreach.database)
    assert pick(outreach.database, SendStep.name) == []
    outreach.at(step.due_at)
    outreach.attempt(job_id)
    [(claimed_at,)] = outreach.peek("SELECT claimed_at FROM outrider.messages")
    assert claimed_at == step.due_at


def test_the_day_of_the_cap_is_the_mailboxs_own(outreach: Outreach) -> None:
    mailbox_id = outreach.mailbox(cap=1)  # in Berlin
    outreach.at(outreach.now().replace(hour=22, minute=30))
    with outreach.database.tenant(outreach.tenant) as tx:
        first = mailbox_days.reserve(tx, mailbox_id)
        midnight = mailbox_days.next_midnight(tx, mailbox_id)
        assert mailbox_days.reserve(tx, mailbox_id) is None
        assert first
        assert midnight == outreach.now().replace(hour=23, minute=0)
        mailbox_days.give_back(tx, mailbox_id, first)
    outreach.at(midnight)
    with outreach.database.tenant(outreach.tenant) as tx:
        second = mailbox_days.reserve(tx, mailbox_id)
        assert second
        assert second == first + timedelta(days=1)
        mailbox_days.give_back(tx, mailbox_id, second)
