"""A send and whatever would stop it, at the same moment; and a crash between the mail and the book.

The promise: no mail after a stop that committed, one mail per enrollment and step, and a doubt that
is visible instead of a second mail.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import enrollments, jobs, steps, suppressions
from db.enrollments import Enrollment
from db.pool import Tx
from providers.ports import MailServer
from schemas.enums import (
    EffectState,
    EnrollmentStatus,
    JobOutcome,
    JobState,
    StepStatus,
    StopReason,
    SuppressionKind,
    SuppressionReason,
)
from schemas.errors import Unanswered
from schemas.jobs import SendStep
from schemas.mails import Accepted
from tests.factories import session, sweep
from tests.fix_outreach import Outreach
from tests.fix_world import until


class Crash(BaseException):
    """The process ends here."""


def stop(tx: Tx, bob: Enrollment) -> bool:
    return enrollments.stop(tx, bob.id, StopReason.REPLIED, by="test")


def hold(tx: Tx, bob: Enrollment) -> bool:
    return enrollments.hold(tx, bob.id, "a reply came")


def unsubscribe(tx: Tx, bob: Enrollment) -> bool:
    suppressions.add(tx, SuppressionKind.EMAIL, "bob@example.test",
                     SuppressionReason.UNSUBSCRIBE, "unsubscribe page")  # fmt: skip
    return enrollments.stop_all_of_lead(tx, bob.lead_id, StopReason.UNSUBSCRIBED, by="page") == 1


ENDS = pytest.mark.parametrize("end", [stop, hold, unsubscribe])


def arrive(outreach: Outreach, bob: Enrollment) -> int:
    """The moment of the waiting step is there; returns its job."""
    step = outreach.steps(bob.id)[-1]
    outreach.at(step.due_at)
    return outreach.job_of(step)


@ENDS
@pytest.mark.system(29)
def test_a_stop_that_commits_before_the_claim_wins(
    outreach: Outreach, end: Callable[[Tx, Enrollment], bool], sick: list[str]
) -> None:
    sick.append("enrollments.forgotten")
    bob = outreach.enroll("bob@example.test")
    job_id = arrive(outreach, bob)
    with ThreadPoolExecutor(1) as pool:
        with outreach.database.tenant(outreach.tenant) as tx:
            assert end(tx, bob)
            sending = pool.submit(outreach.attempt, job_id)  # reads an active one, and waits here
            until(lambda: waits_for_a_lock(outreach))
            assert not sending.done()
        sending.result(timeout=10)
    assert outreach.sender.sent == []
    assert outreach.peek("SELECT count(*) FROM outrider.messages") == [(0,)]
    assert outreach.bench.state(job_id) == (JobOutcome.DONE, 1)


@ENDS
@pytest.mark.system(29)
def test_a_claim_that_commits_before_the_stop_sends_and_nothing_follows(
    outreach: Outreach, end: Callable[[Tx, Enrollment], bool], sick: list[str]
) -> None:
    sick.append("enrollments.forgotten")
    bob = outreach.enroll("bob@example.test")
    job_id = arrive(outreach, bob)
    plain = outreach.sender.send

    def send(server: MailServer, mail: bytes, *, sender: str, recipient: str) -> Accepted:
        with outreach.database.tenant(outreach.tenant) as tx:
            assert end(tx, bob)  # after the claim, before the server has the mail
        return plain(server, mail, sender=sender, recipient=recipient)

    outreach.sender.send = send  # type: ignore[method-assign]
    outreach.attempt(job_id)
    [step] = outreach.steps(bob.id)
    assert step.status is StepStatus.SENT  # it is out, and the book says so
    assert len(outreach.sender.sent) == 1
    assert outreach.enrollment(bob.id).status is not EnrollmentStatus.ACTIVE
    [(epoch,)] = outreach.peek("SELECT epoch FROM outrider.messages")
    assert epoch < outreach.enrollment(bob.id).epoch


def waits_for_a_lock(outreach: Outreach) -> bool:
    return bool(outreach.peek(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"))  # fmt: skip


def crash(outreach: Outreach, job_id: int, *, sent: bool) -> None:
    """The process dies in the call, after or before the server took the mail; it is swept."""
    plain = outreach.sender.send

    def send(server: MailServer, mail: bytes, *, sender: str, recipient: str) -> Accepted:
        if sent:
            plain(server, mail, sender=sender, recipient=recipient)
        raise Crash

    outreach.sender.send = send  # type: ignore[method-assign]
    with pytest.raises(Crash):
        outreach.attempt(job_id)
    outreach.sender.send = plain  # type: ignore[method-assign]
    sweep(outreach.database, lease=timedelta(0))
    number = session(outreach.database)
    outreach.bench.runner.session_id = lambda: number


@pytest.mark.system(27)
@pytest.mark.parametrize("sent", [True, False])
def test_a_crash_in_the_call_leaves_a_doubt_and_never_a_second_mail(
    outreach: Outreach, *, sent: bool
) -> None:
    bob = outreach.enroll()
    job_id = arrive(outreach, bob)
    crash(outreach, job_id, sent=sent)
    outreach.attempt(job_id)
    assert outreach.bench.state(job_id)[0] is JobState.PARKED
    assert len(outreach.sender.sent) == int(sent)
    assert outreach.peek("SELECT state::text FROM outrider.effects") == [
        (EffectState.IN_DOUBT.value,)
    ]
    assert outreach.peek("SELECT status::text FROM outrider.messages") == [("sending",)]
    assert outreach.steps(bob.id)[0].status is StepStatus.SCHEDULED


@pytest.mark.system(27)
def test_a_copy_in_the_sent_folder_proves_a_mail_and_the_sequence_goes_on(
    outreach: Outreach,
) -> None:
    outreach.campaign(outreach.mailbox(sent_folder="Sent"))
    bob = outreach.enroll()
    job_id = arrive(outreach, bob)
    crash(outreach, job_id, sent=True)
    outreach.reader.folders["Sent"] = [outreach.sender.sent[0].mail]
    outreach.attempt(job_id)
    assert outreach.bench.state(job_id) == (JobOutcome.DONE, 2)
    assert len(outreach.sender.sent) == 1
    assert [step.status for step in outreach.steps(bob.id)] == [
        StepStatus.SENT,
        StepStatus.SCHEDULED,
    ]
    assert outreach.peek("SELECT response FROM outrider.effects") == [
        ({"answer": "Found in Sent."},)
    ]


def test_a_server_that_goes_silent_after_the_mail_leaves_a_doubt(outreach: Outreach) -> None:
    bob = outreach.enroll()
    outreach.sender.answer = lambda _: Unanswered("the connection ended after the last byte")
    job_id = outreach.send(bob.id)
    assert outreach.bench.state(job_id)[0] is JobState.PARKED
    assert len(outreach.sender.sent) == 1


def test_a_doubt_that_outlives_a_stop_is_settled_and_the_mail_is_in_the_book(
    outreach: Outreach,
) -> None:
    outreach.campaign(outreach.mailbox(sent_folder="Sent"))
    bob = outreach.enroll()
    job_id = arrive(outreach, bob)
    crash(outreach, job_id, sent=True)
    with outreach.database.tenant(outreach.tenant) as tx:
        assert stop(tx, bob)
    assert outreach.steps(bob.id)[0].status is StepStatus.CANCELLED
    outreach.reader.folders["Sent"] = [outreach.sender.sent[0].mail]
    outreach.attempt(job_id)
    [step] = outreach.steps(bob.id)
    assert step.status is StepStatus.SENT
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.STOPPED


def test_a_step_that_was_planned_anew_while_its_mail_was_on_its_way_is_sent_once(
    outreach: Outreach,
) -> None:
    """Held and released between the claim and the server's answer: two jobs, one mail."""
    bob = outreach.enroll()
    job_id = arrive(outreach, bob)
    plain = outreach.sender.send

    def send(server: MailServer, mail: bytes, *, sender: str, recipient: str) -> Accepted:
        with outreach.database.tenant(outreach.tenant) as tx:
            assert hold(tx, bob)
            assert enrollments.release(tx, bob.id) == 3
        return plain(server, mail, sender=sender, recipient=recipient)

    outreach.sender.send = send  # type: ignore[method-assign]
    outreach.attempt(job_id)
    first, second = outreach.steps(bob.id)
    assert (first.status, second.status) == (StepStatus.SENT, StepStatus.SCHEDULED)
    assert second.epoch == 3
    outreach.sender.send = plain  # type: ignore[method-assign]
    outreach.send(bob.id)
    assert len(outreach.sender.sent) == 2


ACTS = st.lists(
    st.sampled_from(["send", "send", "send", "hold", "release", "stop", "suppress", "crash"]),
    min_size=1, max_size=8,
)  # fmt: skip


@given(acts=ACTS)
@settings(max_examples=12, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
def test_whatever_happens_in_whatever_order_no_mail_follows_a_stop_and_none_goes_twice(
    outreach: Outreach, sick: list[str], acts: list[str]
) -> None:
    sick[:] = ["enrollments.forgotten", "enrollments.idle"]  # holds and releases without a reply
    number = outreach.peek("SELECT count(*) FROM outrider.leads")[0][0]
    outreach.sender.sent.clear()
    bob = outreach.enroll(f"bob{number}@example.test")
    over = False
    for act in acts:
        before = len(outreach.sender.sent)
        happen(outreach, bob, act, f"bob{number}@example.test")
        assert not over or len(outreach.sender.sent) == before
        over = over or act in {"stop", "suppress"}
    ids = [str(mail["Message-ID"]) for mail in outreach.mails()]
    known = outreach.peek(
        "SELECT rfc_message_id FROM outrider.messages WHERE enrollment_id = %s", bob.id
    )
    assert len(set(ids)) == len(ids)
    assert {(one,) for one in ids} <= set(known)


def happen(outreach: Outreach, bob: Enrollment, act: str, email: str) -> None:
    match act:
        case "send" | "crash":
            outreach.sender.answer = lambda _: Unanswered("?") if act == "crash" else None
            waiting = [s for s in outreach.steps(bob.id) if s.status is StepStatus.SCHEDULED]
            open_jobs = outreach.peek(
                """
                SELECT id FROM outrider.jobs WHERE actor = 'step.send' AND state <> 'parked'
                   AND payload ->> 'step_id' = %s
                """, str(waiting[0].id)) if waiting else []  # fmt: skip
            for (job_id,) in open_jobs:
                outreach.at(max(outreach.now(), waiting[0].due_at))
                outreach.attempt(job_id)
        case "suppress":
            with outreach.database.tenant(outreach.tenant) as tx:
                suppressions.add(tx, SuppressionKind.EMAIL, email, SuppressionReason.MANUAL, "test")
        case _:
            with outreach.database.tenant(outreach.tenant) as tx:
                {"hold": hold, "stop": stop, "release": released}[act](tx, bob)


def released(tx: Tx, bob: Enrollment) -> bool:
    """As a verdict does it: on in a new epoch, and what waited is planned anew."""
    epoch = enrollments.release(tx, bob.id)
    if epoch is None:
        return False
    waiting = [s for s in steps.list_of_enrollment(tx, bob.id) if s.status is StepStatus.SCHEDULED]
    for step in waiting:
        steps.plan(tx, [steps.Plan(bob.id, step.step_number, step.due_at, epoch, "released")])
        jobs.add(tx, [jobs.NewJob(SendStep(step_id=step.id, epoch=epoch))])
    return True
