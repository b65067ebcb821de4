"""`send_step`: three mails in one thread, each once, and a row that says so for every other end."""

from datetime import timedelta

import pytest

from db import enrollments, leads, mailboxes, messages, suppressions
from db.sequences import SequenceStep
from schemas.enums import (
    EnrollmentStatus,
    JobOutcome,
    JobState,
    LeadStatus,
    MailboxStatus,
    StepStatus,
    StopReason,
    SuppressionKind,
    SuppressionReason,
)
from schemas.errors import JobError, RateLimited, Transient
from schemas.jobs import SendStep
from schemas.mails import Refused, RefusedWhat
from schemas.sequences import FACTS
from tests.fix_outreach import MONDAY, Outreach
from workers.actor import registered
from workers.touches import facts_of

SEND = registered()[SendStep.name]
ONE_DONE = (JobOutcome.DONE, 1)


def refused(what: RefusedWhat, code: int = 550, status: str | None = "5.1.1") -> Refused:
    return Refused(what, code=code, status=status, text="no")


def book(outreach: Outreach) -> list[tuple[str, str | None, int]]:
    """Every mail with its end, and how many count on the cap of its day."""
    return outreach.peek(
        """
        SELECT m.status::text, m.failed_reason, coalesce(d.sent, 0) FROM outrider.messages m
          LEFT JOIN outrider.mailbox_days d ON d.mailbox_id = m.mailbox_id AND d.day = m.day
         ORDER BY m.created_at
        """
    )


@pytest.mark.system(26)
@pytest.mark.system(28)
def test_three_mails_go_out_in_one_thread_and_the_enrollment_completes(outreach: Outreach) -> None:
    bob = outreach.enroll("bob@example.test", first_name="Bob", country="DE")
    for _ in range(3):
        assert outreach.bench.state(outreach.send(bob.id)) == ONE_DONE
    first, second, third = outreach.mails()
    assert first["Subject"] == second["Subject"] == third["Subject"] == "Hello Bob"
    assert first["In-Reply-To"] is None
    assert second["In-Reply-To"] == first["Message-ID"]
    assert third["In-Reply-To"] == second["Message-ID"]
    assert third["References"].split() == [first["Message-ID"], second["Message-ID"]]
    assert f"/u/{bob.token}" in first["List-Unsubscribe"]
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.COMPLETED
    assert outreach.status_of(bob.lead_id) is LeadStatus.CONTACTED
    with outreach.database.tenant(outreach.tenant) as tx:
        said = messages.list_of_lead(tx, bob.lead_id)
    assert [line.step_number for line in said] == [1, 2, 3]
    for line, mail in zip(said, outreach.mails(), strict=True):
        assert mail.get_content().replace("\r\n", "\n").strip() == (line.body_text or "").strip()


@pytest.mark.system(26)
def test_each_step_waits_its_days_and_falls_into_the_window_of_the_lead(outreach: Outreach) -> None:
    bob = outreach.enroll("bob@example.test", country="US")
    for _ in range(3):
        outreach.send(bob.id)
    first, second, third = outreach.steps(bob.id)
    assert bob.timezone == "America/New_York"
    for step in (first, second, third):
        assert step.sent_at
        assert 14 <= step.sent_at.hour < 22  # nine to five in New York, in winter
        assert step.sent_at.weekday() < 5
    assert first.sent_at
    assert second.sent_at
    assert third.sent_at
    assert second.sent_at.date() - first.sent_at.date() >= timedelta(days=3)
    assert third.sent_at.date() - second.sent_at.date() >= timedelta(days=7)
    assert second.because.startswith("3 days after step 1; ")


def test_a_step_that_was_sent_is_not_sent_again_by_another_job(outreach: Outreach) -> None:
    bob = outreach.enroll()
    [step] = outreach.steps(bob.id)
    outreach.send(bob.id)
    for _ in range(2):
        again = outreach.bench.do(SEND, SendStep(step_id=step.id, epoch=step.epoch))
        assert outreach.bench.state(again) == ONE_DONE
    assert len(outreach.mails()) == 1
    assert len(outreach.steps(bob.id)) == 2


@pytest.mark.system(29)
@pytest.mark.parametrize("how", ["stop", "hold", "pause"])
def test_what_was_stopped_held_or_paused_is_not_sent(
    outreach: Outreach, how: str, sick: list[str]
) -> None:
    sick += ["enrollments.forgotten", "enrollments.idle"]  # nobody wrote, and nobody will resume
    bob = outreach.enroll()
    [step] = outreach.steps(bob.id)
    job_id = outreach.job_of(step)
    with outreach.database.tenant(outreach.tenant) as tx:
        if how == "stop":
            assert enrollments.stop(tx, bob.id, StopReason.OPERATOR, by="test")
        elif how == "hold":
            assert enrollments.hold(tx, bob.id, "a reply")
        else:
            assert enrollments.pause(tx, bob.id, MONDAY + timedelta(days=9))
    outreach.at(step.due_at)
    assert outreach.bench.state(outreach.attempt(job_id)) == ONE_DONE
    assert (outreach.mails(), book(outreach)) == ([], [])


@pytest.mark.system(5)
@pytest.mark.parametrize(
    ("kind", "value"),
    [(SuppressionKind.EMAIL, "BOB@example.test"), (SuppressionKind.DOMAIN, "example.test")],
)
def test_who_is_suppressed_after_the_plan_is_not_written_to(
    outreach: Outreach, kind: SuppressionKind, value: str
) -> None:
    bob = outreach.enroll("bob@example.test")
    with outreach.database.tenant(outreach.tenant) as tx:
        assert suppressions.add(tx, kind, value, SuppressionReason.MANUAL, "operator")
    assert outreach.bench.state(outreach.send(bob.id)) == ONE_DONE
    assert outreach.sender.sent == []
    [step] = outreach.steps(bob.id)
    assert (step.status, step.skip_reason) == (StepStatus.SKIPPED, "suppressed: manual")
    assert outreach.enrollment(bob.id).stop_reason is StopReason.SUPPRESSED
    assert book(outreach) == []


def test_a_recipient_that_does_not_exist_ends_its_own_sequence_only(outreach: Outreach) -> None:
    outreach.campaign(outreach.mailbox())
    bob, eve = outreach.enroll("bob@example.test"), outreach.enroll("eve@example.test")
    outreach.sender.answer = lambda to: refused(RefusedWhat.RECIPIENT) if "bob" in to else None
    outreach.send(bob.id)
    outreach.send(eve.id)
    [step] = outreach.steps(bob.id)
    assert step.status is StepStatus.FAILED
    assert "refused the recipient: 550" in (step.skip_reason or "")
    assert outreach.enrollment(bob.id).stop_reason is StopReason.BOUNCED
    assert outreach.status_of(bob.lead_id) is LeadStatus.BOUNCED
    with outreach.database.tenant(outreach.tenant) as tx:
        assert suppressions.because(tx, "bob@example.test") is SuppressionReason.BOUNCE
        assert suppressions.because(tx, "eve@example.test") is None
    assert len(outreach.mails()) == 1
    assert [(status, sent) for status, _, sent in book(outreach)] == [("failed", 1), ("sent", 1)]


def test_a_full_mailbox_of_a_recipient_suppresses_nobody(outreach: Outreach) -> None:
    bob = outreach.enroll("bob@example.test")
    outreach.sender.answer = lambda _: refused(RefusedWhat.RECIPIENT, 552, "5.2.2")
    outreach.send(bob.id)
    with outreach.database.tenant(outreach.tenant) as tx:
        assert suppressions.because(tx, "bob@example.test") is None
    assert outreach.enrollment(bob.id).stop_reason is StopReason.BOUNCED


def test_a_refused_login_pauses_the_mailbox_and_its_steps_go_on_once_it_is_resumed(
    outreach: Outreach,
) -> None:
    bob = outreach.enroll()
    outreach.sender.answer = lambda _: refused(RefusedWhat.MAILBOX, 535, "5.7.8")
    outreach.send(bob.id)
    with outreach.database.tenant(outreach.tenant) as tx:
        mailbox = mailboxes.get(tx, bob.mailbox_id)
    assert mailbox.status is MailboxStatus.PAUSED
    assert "535" in (mailbox.paused_reason or "")
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.ACTIVE
    outreach.send(bob.id)  # an hour later it is paused still: planned anew, and nobody is asked
    assert outreach.steps(bob.id)[0].because.startswith("sales@acme.test is paused; ")
    outreach.sender.answer = lambda _: None
    with outreach.database.tenant(outreach.tenant) as tx:
        assert mailboxes.resume(tx, bob.mailbox_id)
    outreach.send(bob.id)
    assert len(outreach.mails()) == 1
    assert [(status, sent) for status, _, sent in book(outreach)] == [("sent", 1)]


def test_a_mail_that_is_refused_for_its_content_stops_with_the_reason(outreach: Outreach) -> None:
    bob = outreach.enroll()
    outreach.sender.answer = lambda _: refused(RefusedWhat.MESSAGE, 554, "5.6.0")
    outreach.send(bob.id)
    assert outreach.steps(bob.id)[0].status is StepStatus.FAILED
    assert outreach.enrollment(bob.id).stop_reason is StopReason.REFUSED
    assert outreach.status_of(bob.lead_id) is LeadStatus.IN_SEQUENCE


@pytest.mark.parametrize(
    "error", [Transient("421 later"), RateLimited("slow down", retry_after=timedelta(0))]
)
def test_a_passing_failure_sends_later_and_counts_once(outreach: Outreach, error: JobError) -> None:
    bob = outreach.enroll()
    answers = [error, None]
    outreach.sender.answer = lambda _: answers.pop(0)
    job_id = outreach.send(bob.id)
    assert outreach.bench.state(job_id)[0] is JobState.DELAYED
    assert [(status, sent) for status, _, sent in book(outreach)] == [("failed", 0)]
    outreach.attempt(job_id)
    assert outreach.bench.state(job_id)[0] is JobOutcome.DONE
    assert [(status, sent) for status, _, sent in book(outreach)] == [("sent", 1)]


def test_a_fact_that_is_missing_holds_the_enrollment_for_a_person(outreach: Outreach) -> None:
    text = SequenceStep(1, 0, "Hello", "About {{ title }}.")
    outreach.campaign(outreach.mailbox(), texts=[text])
    bob = outreach.enroll()
    assert outreach.bench.state(outreach.send(bob.id)) == ONE_DONE
    [step] = outreach.steps(bob.id)
    assert step.status is StepStatus.FAILED
    assert "title" in (step.skip_reason or "")
    held = outreach.enrollment(bob.id)
    assert held.status is EnrollmentStatus.HELD
    assert "title" in (held.hold_reason or "")
    assert outreach.mails() == []


def test_a_lead_that_is_gone_is_a_dead_letter(outreach: Outreach) -> None:
    bob = outreach.enroll()
    outreach.peek("UPDATE outrider.leads SET deleted_at = now()")
    assert outreach.bench.state(outreach.send(bob.id)) == (JobOutcome.DEAD, 1)
    assert outreach.mails() == []


def test_an_address_that_changed_since_the_plan_gets_the_mail(outreach: Outreach) -> None:
    bob = outreach.enroll("bob@example.test")
    outreach.peek("UPDATE outrider.leads SET email = 'robert@example.test'")
    outreach.send(bob.id)
    assert [sent.recipient for sent in outreach.sender.sent] == ["robert@example.test"]


def test_a_template_may_name_every_fact_that_the_file_of_a_campaign_accepts(
    outreach: Outreach,
) -> None:
    bob = outreach.enroll(
        "bob@example.test", first_name="B", last_name="B", full_name="B B", title="CEO", country="DE",
        company_name="Bobs", company_domain="bobs.test", website="https://bobs.test/",
    )  # fmt: skip
    with outreach.database.tenant(outreach.tenant) as tx:
        known = facts_of(leads.get(tx, bob.lead_id), mailboxes.get(tx, bob.mailbox_id))
    assert set(known) == FACTS
