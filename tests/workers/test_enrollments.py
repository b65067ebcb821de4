"""`settle_hold` and `resume_enrollment`: a verdict for every mail, and no hold lifted by a stranger."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from db import enrollments, jobs, messages
from db.enrollments import Enrollment
from db.messages import NewInbound
from schemas.enums import (
    EnrollmentStatus,
    JobOutcome,
    LeadStatus,
    ReplyAuthor,
    ReplyIntent,
    StepStatus,
    StopReason,
)
from schemas.jobs import ResumeEnrollment, SettleHold
from tests.fix_outreach import THREE, Outreach
from workers.actor import registered

SETTLE = registered()[SettleHold.name]
RESUME = registered()[ResumeEnrollment.name]
HUMAN, AWAY, MACHINE, BOUNCE = (
    ReplyAuthor.HUMAN, ReplyAuthor.OUT_OF_OFFICE, ReplyAuthor.AUTO_REPLY, ReplyAuthor.BOUNCE)  # fmt: skip


def mail(outreach: Outreach, bob: Enrollment | None, *, holds: bool = True) -> UUID:
    """A mail that was matched to a conversation; a person's holds it."""
    [(mail_id,)] = outreach.peek(
        """
        INSERT INTO outrider.mails (tenant_id, sha256, raw, source, matched_by)
        VALUES (%s, %s, 'x', 'test', 'reference') RETURNING id
        """, outreach.tenant, uuid4().bytes)  # fmt: skip
    with outreach.database.tenant(outreach.tenant) as tx:
        messages.add_inbound(tx, NewInbound(
            mail_id, bob.id if bob else None, bob.lead_id if bob else None, None, None, None, [],
            "bob@example.test", "sales@acme.test", "Re", "text"))  # fmt: skip
        if bob and holds:
            enrollments.hold(tx, bob.id, "a reply came")
    return mail_id


def understood(
    outreach: Outreach, bob: Enrollment | None, mail_id: UUID, author: ReplyAuthor,
    intent: ReplyIntent, **known: Any,
) -> UUID:  # fmt: skip
    """A mail that was classified."""
    facts = {"sub": None, "abstain": False, "return_date": None} | known
    [(reply_id,)] = outreach.peek(
        """
        INSERT INTO outrider.replies (tenant_id, mail_id, enrollment_id, lead_id, author, intent, sub,
               verdict, confidence, abstain, return_date, classifier)
        VALUES (%s, %s, %s, %s, %s, %s, %s, '{}', 1, %s, %s, 'rules-1') RETURNING id
        """,
        outreach.tenant, mail_id, bob.id if bob else None, bob.lead_id if bob else None,
        author.value, intent.value, facts["sub"], facts["abstain"], facts["return_date"])  # fmt: skip
    return reply_id


def reply(
    outreach: Outreach, bob: Enrollment | None, author: ReplyAuthor, intent: ReplyIntent, *,
    holds: bool = True, **known: Any,
) -> UUID:  # fmt: skip
    """A mail, matched and classified."""
    return understood(outreach, bob, mail(outreach, bob, holds=holds), author, intent, **known)


def settle(outreach: Outreach, reply_id: UUID) -> str:
    """One run of the actor; what it decided."""
    job_id = outreach.bench.do(SETTLE, SettleHold(reply_id=reply_id))
    assert outreach.bench.state(job_id) == (JobOutcome.DONE, 1)
    [(decision,)] = outreach.peek(
        "SELECT decision::text FROM outrider.replies WHERE id = %s", reply_id
    )
    return str(decision)


@pytest.fixture
def bob(outreach: Outreach) -> Enrollment:
    """Somebody who got the first of three mails."""
    bob = outreach.enroll("bob@example.test", country="DE")
    outreach.send(bob.id)
    return outreach.enrollment(bob.id)


@pytest.mark.parametrize(
    ("intent", "reason", "status"),
    [
        (ReplyIntent.UNSUBSCRIBE, StopReason.UNSUBSCRIBED, LeadStatus.UNSUBSCRIBED),
        (ReplyIntent.MEETING_REQUEST, StopReason.REPLIED, LeadStatus.QUALIFIED),
        (ReplyIntent.INTERESTED, StopReason.REPLIED, LeadStatus.QUALIFIED),
        (ReplyIntent.QUESTION, StopReason.REPLIED, LeadStatus.REPLIED),
        (ReplyIntent.NOT_INTERESTED, StopReason.REPLIED, LeadStatus.LOST),
        (ReplyIntent.REFERRAL, StopReason.REPLIED, LeadStatus.REPLIED),
        (ReplyIntent.WRONG_PERSON, StopReason.REPLIED, LeadStatus.REPLIED),
        (ReplyIntent.OTHER, StopReason.REPLIED, LeadStatus.REPLIED),
    ],
)
def test_what_a_person_says_stops_the_sequence_and_moves_the_lead(
    outreach: Outreach, bob: Enrollment, intent: ReplyIntent, reason: StopReason, status: LeadStatus
) -> None:
    reply_id = reply(outreach, bob, HUMAN, intent)
    assert settle(outreach, reply_id) == "stop"
    after = outreach.enrollment(bob.id)
    assert (after.status, after.stop_reason) == (EnrollmentStatus.STOPPED, reason)
    assert after.stop_epoch == after.epoch
    assert outreach.status_of(bob.lead_id) is status
    assert outreach.steps(bob.id)[1].status is StepStatus.CANCELLED
    assert settle(outreach, reply_id) == "stop"  # twice: nothing changes
    assert outreach.enrollment(bob.id) == after


def test_a_reading_that_is_not_certain_waits_for_a_person_whose_word_then_counts(
    outreach: Outreach, bob: Enrollment
) -> None:
    reply_id = reply(outreach, bob, HUMAN, ReplyIntent.INTERESTED, abstain=True)
    assert settle(outreach, reply_id) == "review"
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.HELD
    assert settle(outreach, reply_id) == "review"
    outreach.peek(
        "UPDATE outrider.replies SET abstain = false, reviewed_by = 'ada', intent = 'question'"
    )
    assert settle(outreach, reply_id) == "stop"
    assert outreach.enrollment(bob.id).stop_reason is StopReason.REPLIED


def test_somebody_who_perhaps_wants_to_be_left_alone_is_left_alone(
    outreach: Outreach, bob: Enrollment
) -> None:
    reply_id = reply(outreach, bob, HUMAN, ReplyIntent.UNSUBSCRIBE, abstain=True)
    assert settle(outreach, reply_id) == "stop"
    assert outreach.status_of(bob.lead_id) is LeadStatus.UNSUBSCRIBED


def test_an_absence_pauses_until_the_working_day_after_the_return_and_the_sequence_goes_on(
    outreach: Outreach, bob: Enrollment
) -> None:
    friday = datetime(2026, 12, 11, tzinfo=UTC).date()
    reply_id = reply(outreach, bob, AWAY, ReplyIntent.OUT_OF_OFFICE, return_date=friday)
    assert settle(outreach, reply_id) == "pause"
    paused = outreach.enrollment(bob.id)
    assert paused.status is EnrollmentStatus.PAUSED
    assert paused.resume_at == datetime(2026, 12, 13, 23, tzinfo=UTC)  # Monday in Berlin begins
    job_id = outreach.attempt_next(ResumeEnrollment.name)
    assert outreach.bench.state(job_id) == (JobOutcome.DONE, 1)
    outreach.send(bob.id)
    assert len(outreach.mails()) == 2
    sent_at = outreach.steps(bob.id)[1].sent_at
    assert sent_at
    assert sent_at.date() == datetime(2026, 12, 14, tzinfo=UTC).date()


@pytest.mark.parametrize(
    ("returns", "least", "most"),
    [(None, 7, 10), (datetime(2031, 1, 1, tzinfo=UTC).date(), 60, 66)],
)
def test_an_absence_without_a_date_or_with_a_far_one_ends_in_time(
    outreach: Outreach, bob: Enrollment, returns: Any, least: int, most: int
) -> None:
    settle(outreach, reply(outreach, bob, AWAY, ReplyIntent.OUT_OF_OFFICE, return_date=returns))
    until = outreach.enrollment(bob.id).resume_at
    assert until
    away = until - outreach.now()
    assert timedelta(days=least - 1) < away < timedelta(days=most)


def test_a_pause_of_another_epoch_is_not_ended(outreach: Outreach, bob: Enrollment) -> None:
    settle(outreach, reply(outreach, bob, AWAY, ReplyIntent.OUT_OF_OFFICE))
    with outreach.database.tenant(outreach.tenant) as tx:
        enrollments.stop(tx, bob.id, StopReason.OPERATOR, by="test")
    outreach.attempt_next(ResumeEnrollment.name)
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.STOPPED


def test_a_second_absence_moves_the_one_wait_of_the_first(
    outreach: Outreach, bob: Enrollment
) -> None:
    for day in (11, 18):
        back = datetime(2026, 12, day, tzinfo=UTC).date()
        settle(outreach, reply(outreach, bob, AWAY, ReplyIntent.OUT_OF_OFFICE, return_date=back))
    paused = outreach.enrollment(bob.id)
    with outreach.database.tenant(outreach.tenant) as tx:
        [waiting] = jobs.list_open(
            tx, tenant_id=None, actor=ResumeEnrollment.name, state=None, limit=9
        )
    assert waiting.due_at == paused.resume_at
    outreach.attempt_next(ResumeEnrollment.name)
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.ACTIVE


def test_a_machines_answer_lifts_the_hold_and_the_next_mail_is_planned_in_the_new_epoch(
    outreach: Outreach, bob: Enrollment
) -> None:
    due_at = outreach.steps(bob.id)[1].due_at
    assert settle(outreach, reply(outreach, bob, MACHINE, ReplyIntent.AUTO_REPLY)) == "release"
    after = outreach.enrollment(bob.id)
    step = outreach.steps(bob.id)[1]
    assert (after.status, step.epoch) == (EnrollmentStatus.ACTIVE, after.epoch)
    assert step.due_at >= due_at
    outreach.send(bob.id)
    assert len(outreach.mails()) == 2


def test_a_machines_answer_that_held_nothing_changes_nothing(
    outreach: Outreach, bob: Enrollment
) -> None:
    reply_id = reply(outreach, bob, MACHINE, ReplyIntent.AUTO_REPLY, holds=False)
    assert settle(outreach, reply_id) == "release"
    assert outreach.enrollment(bob.id) == bob


@pytest.mark.parametrize(
    ("sub", "decision", "status"),
    [("hard", "stop", LeadStatus.BOUNCED), ("soft", "release", LeadStatus.CONTACTED)],
)
def test_a_bounce_stops_when_it_is_hard(
    outreach: Outreach, bob: Enrollment, sub: str, decision: str, status: LeadStatus
) -> None:
    reply_id = reply(outreach, bob, BOUNCE, ReplyIntent.BOUNCE, holds=False, sub=sub)
    assert settle(outreach, reply_id) == decision
    assert outreach.status_of(bob.lead_id) is status


def test_a_complaint_stops_and_nobody_writes_again(outreach: Outreach, bob: Enrollment) -> None:
    reply_id = reply(outreach, bob, ReplyAuthor.COMPLAINT, ReplyIntent.UNSUBSCRIBE, abstain=True)
    assert settle(outreach, reply_id) == "stop"
    assert outreach.enrollment(bob.id).stop_reason is StopReason.COMPLAINED
    assert outreach.status_of(bob.lead_id) is LeadStatus.UNSUBSCRIBED


def test_a_release_does_not_lift_the_hold_of_another_mail(
    outreach: Outreach, bob: Enrollment
) -> None:
    first, second = mail(outreach, bob), mail(outreach, bob)
    ticket = understood(outreach, bob, first, MACHINE, ReplyIntent.AUTO_REPLY)
    assert settle(outreach, ticket) == "release"
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.HELD  # the other is not read yet
    person = understood(outreach, bob, second, HUMAN, ReplyIntent.NOT_INTERESTED)
    assert settle(outreach, person) == "stop"


def test_of_a_pause_and_a_release_the_pause_stands_in_either_order(
    outreach: Outreach, bob: Enrollment
) -> None:
    back = datetime(2026, 12, 11, tzinfo=UTC).date()
    first, second = mail(outreach, bob), mail(outreach, bob)
    away = understood(outreach, bob, first, AWAY, ReplyIntent.OUT_OF_OFFICE, return_date=back)
    assert settle(outreach, away) == "pause"
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.HELD
    ticket = understood(outreach, bob, second, MACHINE, ReplyIntent.AUTO_REPLY)
    assert settle(outreach, ticket) == "release"
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.PAUSED
    third = reply(outreach, bob, MACHINE, ReplyIntent.AUTO_REPLY, holds=False)
    assert settle(outreach, third) == "release"
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.PAUSED


def test_an_answer_after_the_last_mail_says_why_the_conversation_ended(outreach: Outreach) -> None:
    outreach.campaign(outreach.mailbox(), texts=THREE[:1])
    bob = outreach.enroll()
    outreach.send(bob.id)
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.COMPLETED
    assert settle(outreach, reply(outreach, bob, HUMAN, ReplyIntent.INTERESTED)) == "stop"
    assert outreach.enrollment(bob.id).stop_reason is StopReason.REPLIED
    assert settle(outreach, reply(outreach, bob, HUMAN, ReplyIntent.UNSUBSCRIBE)) == "none"
    assert outreach.status_of(bob.lead_id) is LeadStatus.UNSUBSCRIBED


@pytest.mark.parametrize(("author", "decision"), [(HUMAN, "review"), (MACHINE, "none")])
def test_a_mail_of_nobody_stops_nothing(
    outreach: Outreach, author: ReplyAuthor, decision: str, bob: Enrollment
) -> None:
    assert settle(outreach, reply(outreach, None, author, ReplyIntent.OTHER)) == decision
    assert outreach.enrollment(bob.id) == bob


def test_a_reply_that_is_gone_is_a_dead_letter(outreach: Outreach) -> None:
    job_id = outreach.bench.do(SETTLE, SettleHold(reply_id=uuid4()))
    assert outreach.bench.state(job_id) == (JobOutcome.DEAD, 1)


def test_an_enrollment_that_is_gone_is_a_dead_letter(outreach: Outreach) -> None:
    job_id = outreach.bench.do(RESUME, ResumeEnrollment(enrollment_id=uuid4(), epoch=1))
    assert outreach.bench.state(job_id) == (JobOutcome.DEAD, 1)
