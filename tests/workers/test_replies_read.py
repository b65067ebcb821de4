"""`classify_mail`: what a mail says, and whom it takes off every list."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from db.enrollments import Enrollment
from schemas.enums import (
    EnrollmentStatus,
    JobOutcome,
    ReplyIntent,
    StopReason,
    SuppressionReason,
)
from schemas.jobs import ClassifyMail, MatchMail, SettleHold
from tests.fix_outreach import Outreach
from tests.workers.inbox import (
    CLASSIFY,
    SETTLE,
    bounce,
    complaint,
    jobs,
    letter,
    ours,
    reply,
    suppressed,
    understand,
)
from workers.actor import registered
from workers.reviews import review

STRANGER = "victim@elsewhere.test"


@pytest.fixture
def bob(outreach: Outreach) -> Enrollment:
    """Somebody who got the first of three mails."""
    bob = outreach.enroll("bob@example.test")
    outreach.send(bob.id)
    return outreach.enrollment(bob.id)


AWAY = {"Auto_Submitted": "auto-replied", "Subject": "Out of office"}
JOURNEYS = {
    "meeting_request": ("Let's have a call on Tuesday at 10.", {}, "stopped", "qualified"),
    "interested": ("Sounds good, send me more information.", {}, "stopped", "qualified"),
    "question": ("How much does it cost?", {}, "stopped", "replied"),
    "not_interested": ("No thanks, we are not interested.", {}, "stopped", "lost"),
    "unsubscribe": ("Stop emailing me.", {}, "stopped", "unsubscribed"),
    "out_of_office": ("I am on holiday and back on 11 December.", AWAY, "paused", "contacted"),
    "auto_reply": ("This is an automated message.", {"Auto_Submitted": "auto-replied"}, "active", "contacted"),
}  # fmt: skip


@pytest.mark.system(8)
@pytest.mark.parametrize("intent", JOURNEYS)
def test_each_intent_leads_from_the_mail_to_its_own_action(
    outreach: Outreach, bob: Enrollment, intent: str
) -> None:
    text, headers, status, lead = JOURNEYS[intent]
    row = understand(outreach, reply(outreach, text, **headers))
    assert row["intent"] == intent
    outreach.bench.do(SETTLE, SettleHold(reply_id=UUID(row["id"])))
    after = outreach.enrollment(bob.id)
    assert (after.status, outreach.status_of(bob.lead_id)) == (status, lead)
    assert (suppressed(outreach, "bob@example.test") is not None) == (intent == "unsubscribe")
    if intent == "out_of_office":  # 11 December is a Friday: the working day after is Monday
        assert after.resume_at
        assert after.resume_at.date() == date(2026, 12, 14)
    if intent == "interested":
        assert jobs(outreach, "crm.collect") == 1


def test_an_unsubscribe_is_suppressed_before_anybody_decides(
    outreach: Outreach, bob: Enrollment
) -> None:
    row = understand(
        outreach,
        reply(outreach, "Bitte nehmen Sie mich aus Ihrem Verteiler.", sender="carol@other.test"),
    )
    assert (row["author"], row["intent"], row["decision"]) == ("human", "unsubscribe", None)
    for address in ("bob@example.test", "carol@other.test"):
        assert suppressed(outreach, address) is SuppressionReason.UNSUBSCRIBE
    outreach.bench.do(SETTLE, SettleHold(reply_id=UUID(row["id"])))
    after = outreach.enrollment(bob.id)
    assert (after.status, after.stop_reason) == (EnrollmentStatus.STOPPED, StopReason.UNSUBSCRIBED)


def test_a_mail_is_classified_once(outreach: Outreach, bob: Enrollment) -> None:
    row = understand(outreach, reply(outreach, "Please remove me from your list."))
    assert jobs(outreach, "enrollment.settle") == 1
    outreach.peek(
        "UPDATE outrider.suppressions SET released_at = now(), released_by = 'ada', release_note = 'x'"
    )
    outreach.bench.do(CLASSIFY, ClassifyMail(mail_id=UUID(row["mail_id"])))
    assert outreach.peek("SELECT count(*) FROM outrider.replies") == [(1,)]
    assert jobs(outreach, "enrollment.settle") == 1
    assert suppressed(outreach, "bob@example.test") is None  # what a person released stays so


def test_a_hard_bounce_suppresses_whom_we_wrote_to_and_no_stranger(
    outreach: Outreach, bob: Enrollment
) -> None:
    forged = understand(outreach, bounce(STRANGER))
    assert (forged["author"], forged["lead_id"]) == ("bounce", None)
    named = understand(outreach, bounce(STRANGER, returned=ours(outreach).as_bytes()))
    assert named["lead_id"] == str(bob.lead_id)
    assert suppressed(outreach, STRANGER) is None
    assert suppressed(outreach, "bob@example.test") is None
    row = understand(outreach, bounce("bob@example.test"))
    assert (row["author"], row["sub"]) == ("bounce", "hard")
    assert suppressed(outreach, "bob@example.test") is SuppressionReason.BOUNCE


@pytest.mark.parametrize(
    ("status", "said", "sub"),
    [
        ("4.2.2", "452 4.2.2 Mailbox full", "soft"),
        ("5.7.1", "550 5.7.1 Client host blocked using Spamhaus", "policy"),
        ("5.7.26", "550 5.7.26 DMARC policy", "policy"),
    ],
)
def test_what_passes_and_what_is_our_fault_suppresses_nobody(
    outreach: Outreach, bob: Enrollment, status: str, said: str, sub: str
) -> None:
    row = understand(outreach, bounce("bob@example.test", status=status, said=said))
    assert (row["author"], row["sub"]) == ("bounce", sub)
    assert suppressed(outreach, "bob@example.test") is None


def test_a_complaint_suppresses_and_a_report_about_authentication_does_not(
    outreach: Outreach, bob: Enrollment
) -> None:
    sent = ours(outreach).as_bytes()
    assert understand(outreach, complaint(sent, "auth-failure"))["sub"] == "auth-failure"
    assert suppressed(outreach, "bob@example.test") is None
    assert understand(outreach, complaint(sent))["author"] == "complaint"
    assert suppressed(outreach, "bob@example.test") is SuppressionReason.COMPLAINT
    assert suppressed(outreach, "fbl@isp.test") is None


def test_a_mail_of_nobody_is_kept_and_understood_and_stops_nothing(
    outreach: Outreach, bob: Enrollment
) -> None:
    row = understand(outreach, letter("Please remove me.", sender="x@nobody.test"))
    assert (row["intent"], row["lead_id"], row["enrollment_id"]) == ("unsubscribe", None, None)
    assert outreach.enrollment(bob.id) == bob
    assert suppressed(outreach, "x@nobody.test") is SuppressionReason.UNSUBSCRIBE


def test_an_answer_after_the_end_is_matched_and_read(outreach: Outreach, bob: Enrollment) -> None:
    outreach.peek("""UPDATE outrider.enrollments SET status = 'stopped', stop_reason = 'operator', stop_epoch = epoch + 1,
                     epoch = epoch + 1, stopped_by = 'ada', ended_at = outrider.now()""")
    stopped = outreach.enrollment(bob.id)
    assert (
        understand(outreach, reply(outreach, "Sounds good, tell me more."))["intent"]
        == "interested"
    )
    assert outreach.enrollment(bob.id) == stopped


@pytest.mark.parametrize("job", [MatchMail(mail_id=uuid4()), ClassifyMail(mail_id=uuid4())])
def test_a_mail_that_is_gone_is_a_dead_letter(
    outreach: Outreach, job: MatchMail | ClassifyMail
) -> None:
    job_id = outreach.bench.do(registered()[job.name], job)
    assert outreach.bench.state(job_id) == (JobOutcome.DEAD, 1)


def test_bytes_that_are_no_mail_are_kept_and_wait_for_a_person(
    outreach: Outreach, bob: Enrollment
) -> None:
    row = understand(outreach, b"\x00\xff\xfe not a mail")
    assert (row["author"], row["abstain"]) == ("human", True)


def test_a_stranger_who_wants_out_is_left_alone(outreach: Outreach) -> None:
    outreach.mailbox()
    row = understand(outreach, letter("Please unsubscribe me.", sender="stranger@elsewhere.test"))
    assert row["intent"] == "unsubscribe"
    assert suppressed(outreach, "stranger@elsewhere.test") is SuppressionReason.UNSUBSCRIBE


def test_a_person_s_reading_of_a_stranger_s_mail_suppresses_and_leaves_the_queue(
    outreach: Outreach,
) -> None:
    outreach.mailbox()
    row = understand(outreach, letter("Hmm, let me think of it.", sender="stranger@elsewhere.test"))
    review(outreach.database, outreach.tenant, UUID(row["id"]), ReplyIntent.UNSUBSCRIBE,
           operator="ann", reason="told by phone")  # fmt: skip
    assert suppressed(outreach, "stranger@elsewhere.test") is SuppressionReason.UNSUBSCRIBE
    outreach.bench.do(SETTLE, SettleHold(reply_id=UUID(row["id"])))
    assert outreach.peek("SELECT decision::text FROM outrider.replies") == [("none",)]


@pytest.mark.parametrize("headers", [
    {"Auto_Submitted": "auto-generated"}, {"Subject": "Re: unsubscribe-{token}"}, {}])  # fmt: skip
def test_our_own_way_out_counts_whatever_a_mail_client_wrote_around_it(
    outreach: Outreach, bob: Enrollment, headers: dict[str, str]
) -> None:
    subject = headers.pop("Subject", "unsubscribe-{token}").format(token=bob.token)
    text = "This message was automatically generated by your mail client. Please do not reply."
    row = understand(outreach, letter(text, Subject=subject, **headers))
    assert (row["author"], row["intent"]) == ("human", "unsubscribe")
    assert suppressed(outreach, "bob@example.test") is SuppressionReason.UNSUBSCRIBE
    outreach.bench.do(SETTLE, SettleHold(reply_id=UUID(row["id"])))
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.STOPPED
