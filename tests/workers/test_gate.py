"""The one gate in front of every send: what it knows, when it asks, and that no answer is a no."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from db import Tx, enrollments, leads, messages, suppressions
from db.enrollments import Enrollment
from db.messages import NewOutbound
from schemas.enums import (
    Channel,
    EnrollmentStatus,
    JobOutcome,
    JobState,
    StepStatus,
    StopReason,
    SuppressionKind,
    SuppressionReason,
)
from schemas.suppressions import read
from tests.fix_outreach import MONDAY, Outreach
from tests.fix_world import until

Peek = Callable[..., list[tuple[Any, ...]]]
MANUAL = SuppressionReason.MANUAL


def suppress(tx: Tx, value: str, kind: SuppressionKind | None = None, **more: Any) -> bool:
    return suppressions.add(tx, *read(value, kind), MANUAL, "operator", **more)


def calls(outreach: Outreach) -> list[str]:
    """Whoever the server is asked to take a mail for, from now on."""
    asked: list[str] = []
    outreach.sender.answer = asked.append
    return asked


def skipped(outreach: Outreach, bob: Enrollment, reason: str) -> None:
    [step] = outreach.steps(bob.id)
    assert (step.status, step.skip_reason) == (StepStatus.SKIPPED, reason)
    assert outreach.enrollment(bob.id).stop_reason is StopReason.SUPPRESSED
    assert outreach.peek("SELECT count(*) FROM outrider.messages") == [(0,)]


@pytest.mark.system(5)
@pytest.mark.parametrize("value", ["bob@example.test", "example.test"])
def test_who_is_suppressed_between_the_claim_and_the_send_is_not_mailed(
    outreach: Outreach, value: str
) -> None:
    """An address suppressed between claim and send is not mailed: provider stub sees zero calls, step is skipped with reason suppressed."""
    bob, asked = outreach.enroll("bob@example.test"), calls(outreach)
    outreach.at(outreach.steps(bob.id)[-1].due_at)
    job_id = outreach.job_of(outreach.steps(bob.id)[-1])
    with ThreadPoolExecutor(1) as pool:
        with outreach.database.tenant(outreach.tenant) as tx:
            enrollments.get_locked(tx, bob.id)
            sending = pool.submit(outreach.attempt, job_id)
            until(lambda: waiting(outreach))  # the job is claimed, the mail is written and not sent
            assert outreach.bench.state(job_id) == (JobState.RUNNING, 1)
            assert suppress(tx, value)
        sending.result(timeout=10)
    assert asked == []
    skipped(outreach, bob, "suppressed: manual")
    assert outreach.bench.state(job_id) == (JobOutcome.DONE, 1)


def waiting(outreach: Outreach) -> bool:
    return bool(outreach.peek(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"))  # fmt: skip


VALUES: list[tuple[str, SuppressionKind | None]] = [
    ("BOB@example.test", None),
    ("Bob <bob+news@example.test>", None),
    ("https://www.Example.test/", None),
    ("0044 20 7946 0000", None),
    ("https://uk.linkedin.com/in/bob?trk=x", None),
    ("Bob's  Works", SuppressionKind.COMPANY),
    ("works.test", SuppressionKind.COMPANY),
]


def test_every_kind_of_entry_stands_in_front_of_a_mail_unless_it_is_of_another_channel(
    outreach: Outreach,
) -> None:
    lead_id = outreach.lead(
        "bob@example.test", phone="+44 (20) 79460000", linkedin_url="https://linkedin.com/in/Bob/",
        company_name="bob's works", company_domain="works.test",
    )  # fmt: skip
    with outreach.database.tenant(outreach.tenant) as tx:
        bob = leads.get(tx, lead_id)
        for value, kind in VALUES:
            listed = read(value, kind)
            assert suppress(tx, value, kind, channel=Channel.LINKEDIN)
            assert suppressions.barred_by(tx, bob) == [], value
            assert suppressions.barred_by(tx, bob, channel=Channel.LINKEDIN), value
            assert suppress(tx, value, kind), value
            assert [bar.kind for bar in suppressions.barred_by(tx, bob)] == [listed[0].value]
            assert suppressions.list_leads(tx, [listed]) == [lead_id], value
            assert suppressions.release(tx, *listed, by="ada", note="a test")
            assert suppressions.barred_by(tx, bob) == [], value


def test_an_entry_holds_until_its_date_and_longest_of_all_that_say_so(outreach: Outreach) -> None:
    def bars() -> list[str]:
        with outreach.database.tenant(outreach.tenant) as tx:
            return [bar.reason for bar in suppressions.list_bars(tx, email="bob@example.test")]

    day = timedelta(days=1)
    with outreach.database.tenant(outreach.tenant) as tx:
        assert suppress(tx, "bob@example.test", expires_at=MONDAY + day)
        assert not suppress(tx, "bob@example.test", expires_at=MONDAY + day / 2)  # never shorter
        assert suppress(tx, "example.test", expires_at=MONDAY + 2 * day)
    assert bars() == ["manual", "manual"]
    outreach.at(MONDAY + day)
    assert bars() == ["manual"]  # the domain's still holds
    outreach.at(MONDAY + 2 * day)
    assert bars() == []
    bob, asked = outreach.enroll("bob@example.test"), calls(outreach)
    outreach.send(bob.id)
    assert asked == ["bob@example.test"]  # and what is over is over
    with outreach.database.tenant(outreach.tenant) as tx:
        assert suppress(tx, "bob@example.test", expires_at=outreach.now() + day)
        assert suppress(tx, "bob@example.test")  # longer: for ever
        assert not suppress(tx, "bob@example.test", expires_at=outreach.now() + day)
    outreach.at(outreach.now() + 900 * day)
    assert bars() == ["manual"]


def test_the_houses_list_holds_for_every_tenant(outreach: Outreach) -> None:
    bob, asked = outreach.enroll("bob@example.test"), calls(outreach)
    with outreach.database.hat("operator") as tx:
        assert suppress(tx, "bob@example.test")
        assert not suppress(tx, "bob@example.test")
    with outreach.database.tenant(outreach.tenant) as tx:
        [bar] = suppressions.list_bars(tx, email="bob@example.test")
        assert bar.scope == "house"
        assert not suppressions.release(tx, *read("bob@example.test"), by="a", note="n")
    outreach.send(bob.id)
    assert asked == []
    skipped(outreach, bob, "suppressed: manual")


def test_an_address_that_cannot_be_read_is_not_written_to(outreach: Outreach) -> None:
    """A person changed it past our checks: it might be one that is on a list, in other letters."""
    bob, asked = outreach.enroll("bob@example.test"), calls(outreach)
    with outreach.database.tenant(outreach.tenant) as tx:
        for email in ("bob at example.test", "bob@exämple.test", "bob@example", "@", ""):
            [bar] = suppressions.list_bars(tx, email=email)
            assert bar.reason == "unreadable address"
    outreach.peek("UPDATE outrider.leads SET email = 'bob@example'")
    outreach.send(bob.id)
    assert asked == []
    [step] = outreach.steps(bob.id)
    # No letter has such a recipient, and a person hears of it.
    assert step.status is StepStatus.FAILED
    assert "recipient_email: is not an e-mail address" in str(step.skip_reason)
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.HELD


@pytest.mark.parametrize("missing", ["barred_by", "keep_the_gate"])
def test_a_gate_that_cannot_answer_lets_nobody_pass(outreach: Outreach, missing: str) -> None:
    bob, asked = outreach.enroll("bob@example.test"), calls(outreach)
    [(body,)] = outreach.peek(
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", missing
    )
    act = "begin perform 1 / 0; return new; end" if "plpgsql" in body else "select 1 / 0"
    outreach.peek("SET check_function_bodies = off")
    outreach.peek(f"{body[: body.index('AS $function$')]} AS $function$ {act} $function$")  # pyright: ignore[reportArgumentType]
    job_id = outreach.send(bob.id)
    assert asked == []
    assert outreach.bench.state(job_id)[0] is JobState.DELAYED  # tried again, until a person looks
    assert outreach.peek("SELECT count(*) FROM outrider.messages") == [(0,)]


def test_nobody_claims_a_mail_past_the_gate(outreach: Outreach) -> None:
    """The database asks once more, whoever claims, and for whatever reason the actor did not."""
    bob = outreach.enroll("bob@example.test")
    with pytest.raises(psycopg.errors.CheckViolation, match="suppressed address was refused: manual"), \
            outreach.database.tenant(outreach.tenant) as tx:  # fmt: skip
        suppress(tx, "example.test")
        messages.claim_outbound(tx, mail_to(bob.id, bob.lead_id, bob.mailbox_id))
    assert outreach.peek("SELECT count(*) FROM outrider.messages") == [(0,)]


def mail_to(enrollment_id: UUID, lead_id: UUID, mailbox_id: UUID) -> NewOutbound:
    return NewOutbound(enrollment_id, lead_id, mailbox_id, 1, 1, "email:1", MONDAY.date(), "<m>", None,
                       [], "sales@acme.test", "bob@mail.example.test", "s", "b")  # fmt: skip


SAME: list[tuple[str, str]] = [
    ("ada@acme.test", "ADA@Acme.Test "),
    ("ada@acme.test", "ada+anything+else@acme.test"),
    ("ada@acme.test", "Ada Lovelace <ada@acme.test>"),
    ("a.d.a@gmail.com", "ada+x@googlemail.com"),
]
OTHER: list[tuple[str, str]] = [
    ("a.da@acme.test", "ada@acme.test"),
    ("ada@acme.test", "ada@acme.test.example"),
    ("ada@acme.test", "xada@acme.test"),
    ("+ada@acme.test", "+bob@acme.test"),
]


def test_a_mailbox_is_known_however_it_is_written(outreach: Outreach) -> None:
    swapped = [(asked, listed) for listed, asked in SAME]
    with outreach.database.tenant(outreach.tenant) as tx:
        for pair in [*SAME, *swapped, *OTHER]:
            listed, asked = pair
            suppressions.add(tx, SuppressionKind.EMAIL, listed, MANUAL, "operator")
            assert bool(suppressions.list_bars(tx, email=asked)) == (pair not in OTHER), pair
            assert (suppressions.because(tx, asked) is MANUAL) == (pair not in OTHER), pair
            assert suppressions.release(tx, SuppressionKind.EMAIL, listed, by="a", note="n")
