"""`match_mail`: whose mail it is, what it holds, and what it proves."""

from uuid import UUID

import pytest

from db.enrollments import Enrollment
from schemas.enums import EnrollmentStatus, JobOutcome, JobState, StopReason, SuppressionReason
from schemas.errors import Unanswered
from schemas.jobs import ClassifyMail, MatchMail, SettleHold
from tests.fix_outreach import Outreach
from tests.workers.inbox import (
    CLASSIFY,
    MATCH,
    SETTLE,
    bounce,
    jobs,
    letter,
    match,
    ours,
    receive,
    reply,
    suppressed,
    understand,
)


@pytest.fixture
def bob(outreach: Outreach) -> Enrollment:
    """Somebody who got the first of three mails."""
    bob = outreach.enroll("bob@example.test")
    outreach.send(bob.id)
    return outreach.enrollment(bob.id)


@pytest.mark.system(29)
def test_a_reply_that_nobody_has_read_yet_holds_the_sequence(
    outreach: Outreach, bob: Enrollment
) -> None:
    mail_id, how = match(outreach, reply(outreach, "Hm."))
    assert how == "reference"
    held = outreach.enrollment(bob.id)
    assert (held.status, held.epoch) == (EnrollmentStatus.HELD, bob.epoch + 1)
    assert jobs(outreach, "reply.classify") == 1
    outreach.bench.do(MATCH, MatchMail(mail_id=mail_id))  # twice: nothing changes
    assert outreach.enrollment(bob.id) == held
    assert outreach.peek("SELECT count(*) FROM outrider.messages WHERE direction = 'inbound'") == [
        (1,)
    ]


@pytest.mark.system(29)
def test_an_answer_stops_its_sequence_before_a_step_that_is_due_can_go(
    outreach: Outreach, bob: Enrollment
) -> None:
    """An inbound message stops every live enrollment of the lead in that thread's campaign before
    the next tick can send
    """
    eve = outreach.enroll("eve@example.test")
    outreach.send(eve.id)
    due = {one.id: outreach.steps(one.id)[-1] for one in (bob, eve)}
    outreach.at(max(step.due_at for step in due.values()))
    mail_id, _ = match(
        outreach, letter("Call me.", In_Reply_To=str(outreach.mails()[0]["Message-ID"]))
    )
    for step in due.values():
        outreach.attempt(outreach.job_of(step))
    assert [sent.recipient for sent in outreach.sender.sent[2:]] == ["eve@example.test"]
    outreach.bench.do(CLASSIFY, ClassifyMail(mail_id=mail_id))
    [(reply_id,)] = outreach.peek("SELECT id FROM outrider.replies")
    outreach.bench.do(SETTLE, SettleHold(reply_id=reply_id))
    ended = outreach.enrollment(bob.id)
    assert (ended.status, ended.stop_reason) == (EnrollmentStatus.STOPPED, StopReason.REPLIED)
    assert outreach.peek(
        "SELECT DISTINCT lead_id FROM outrider.enrollments WHERE status IN ('active', 'held', 'paused')"
    ) == [(eve.lead_id,)]


def test_a_machine_that_only_its_words_betray_is_held_then_released_and_not_held_again(
    outreach: Outreach, bob: Enrollment
) -> None:
    raw = reply(outreach, "This is an automated message.", Subject="Automatic reply: Hello")
    row = understand(outreach, raw)
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.HELD
    assert row["author"] == "auto_reply"
    outreach.bench.do(SETTLE, SettleHold(reply_id=UUID(row["id"])))
    released = outreach.enrollment(bob.id)
    assert released.status is EnrollmentStatus.ACTIVE
    outreach.bench.do(MATCH, MatchMail(mail_id=UUID(row["mail_id"])))
    assert outreach.enrollment(bob.id) == released


def test_a_colleague_who_answers_from_another_address_holds_it_too(
    outreach: Outreach, bob: Enrollment
) -> None:
    _, how = match(outreach, reply(outreach, "I take this over.", sender="carol@other.test"))
    assert how == "reference"
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.HELD


def test_an_answer_without_references_is_matched_by_its_sender(
    outreach: Outreach, bob: Enrollment
) -> None:
    assert match(outreach, letter("Hello?", sender="Bob@Example.test"))[1] == "address"
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.HELD
    assert match(outreach, letter("Hello from nobody", sender="x@nobody.test"))[1] == "none"


def test_a_mailbox_is_found_by_the_address_when_the_source_did_not_say(
    outreach: Outreach, bob: Enrollment
) -> None:
    assert match(outreach, letter("Hello?"), mailbox=False)[1] == "address"


def test_the_token_of_the_way_out_finds_its_sequence_from_any_address(
    outreach: Outreach, bob: Enrollment
) -> None:
    raw = letter("", sender="alias@home.test", Subject=f"unsubscribe-{bob.token}")
    row = understand(outreach, raw)
    assert (row["author"], row["intent"]) == ("human", "unsubscribe")
    assert suppressed(outreach, "bob@example.test") is SuppressionReason.UNSUBSCRIBE
    assert suppressed(outreach, "alias@home.test") is SuppressionReason.UNSUBSCRIBE


def test_our_own_copy_is_never_a_reply(outreach: Outreach, bob: Enrollment) -> None:
    copy = b"X-Copy: sent\n" + ours(outreach).as_bytes()
    assert match(outreach, copy)[1] == "own"
    assert outreach.enrollment(bob.id) == bob
    by_hand = reply(outreach, "I write to you myself.", sender="sales@acme.test")
    assert match(outreach, by_hand)[1] == "own"
    assert outreach.enrollment(bob.id) == bob
    assert jobs(outreach, "reply.classify") == 0


@pytest.mark.parametrize("evidence", ["copy", "reply", "bounce"])
def test_a_mail_that_names_one_in_doubt_proves_that_it_was_sent(
    outreach: Outreach, evidence: str
) -> None:
    bob = outreach.enroll("bob@example.test")
    step = outreach.steps(bob.id)[0]
    outreach.sender.answer = lambda _address: Unanswered("The line went dead.")
    outreach.at(step.due_at)
    job_id = outreach.attempt(outreach.job_of(step))
    assert outreach.bench.state(job_id)[0] is JobState.PARKED
    sent = outreach.mails()[-1]
    raw = {
        "copy": b"X-Copy: sent\n" + sent.as_bytes(),
        "reply": letter("Hm.", In_Reply_To=str(sent["Message-ID"])),
        "bounce": bounce("bob@example.test", returned=sent.as_bytes()),
    }[evidence]
    match(outreach, raw)
    assert outreach.bench.state(job_id)[0] is JobState.READY
    assert outreach.peek("SELECT state::text FROM outrider.effects") == [("done",)]
    assert outreach.peek(
        "SELECT status::text FROM outrider.messages WHERE direction = 'outbound'"
    ) == [("sent",)]
    outreach.attempt(job_id)
    assert outreach.bench.state(job_id)[0] is JobOutcome.DONE
    assert len(outreach.mails()) == 1


def test_an_answer_that_overtakes_the_server_s_own_holds_at_once_and_proves_later(
    outreach: Outreach,
) -> None:
    bob = outreach.enroll("bob@example.test")
    matched: list[int] = []

    def answer_first(_address: str) -> None:
        [(sent,)] = outreach.peek("SELECT rfc_message_id FROM outrider.messages")
        mail_id = receive(outreach, letter("Hm.", In_Reply_To=str(sent)))
        matched.append(outreach.bench.do(MATCH, MatchMail(mail_id=mail_id)))
        assert outreach.bench.state(matched[0]) == (JobState.DELAYED, 0)
        assert outreach.enrollment(bob.id).status is EnrollmentStatus.HELD

    outreach.sender.answer = answer_first
    job_id = outreach.send(bob.id)
    assert outreach.bench.state(job_id)[0] is JobOutcome.DONE
    outreach.bench.attempt(MATCH, matched[0])
    assert outreach.bench.state(matched[0])[0] is JobOutcome.DONE
    assert outreach.peek("SELECT state::text, response ->> 'answer' FROM outrider.effects") == [
        ("done", "250 2.0.0 kept")
    ]
    assert [step.step_number for step in outreach.steps(bob.id)] == [1]


def test_a_machine_holds_nothing(outreach: Outreach, bob: Enrollment) -> None:
    away = reply(
        outreach, "I am out of office until 11 December 2026.", Auto_Submitted="auto-replied"
    )
    assert match(outreach, away)[1] == "reference"
    assert outreach.enrollment(bob.id) == bob
