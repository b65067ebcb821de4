"""The story of two leads, from a form to the CRM and back, on the business clock."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from time import process_time
from typing import Any
from uuid import UUID

import pytest

from db import (
    Database,
    campaigns,
    credentials,
    crm_connections,
    crm_mappings,
    mailboxes,
    sequences,
    suppressions,
    timelines,
)
from db.campaigns import NewCampaign
from db.mailboxes import NewMailbox
from db.sequences import SequenceStep
from pipelines.engine import emit
from providers.fake_crm import FakeCrm
from providers.fake_mail import FakeReader, FakeSender
from schemas.crm_fields import HUBSPOT
from schemas.enums import MailSecurity
from schemas.events import CampaignOpened, LeadCaptured, MailboxStirred
from schemas.slots import Window
from tests.factories import capture
from tests.fix_journey import Journey
from tests.fix_outreach import WORK, mail_of
from workers.crm_batches import token_of

Peek = Callable[..., list[tuple[Any, ...]]]

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
OVER_30_DAYS = (
    SequenceStep(1, 0, "{{ company_name }} and the frost", "Dear {{ first_name }}, a thought."),
    SequenceStep(2, 10, None, "Did you see my first mail?"),
    SequenceStep(3, 20, None, "This is my last one."),
)


@pytest.fixture
def mailbox(database: Database, tenant: UUID) -> UUID:
    """A tenant with a mailbox, a campaign of three mails over 30 days, and a connected CRM."""
    with database.tenant(tenant) as tx:
        mailbox_id = mailboxes.new_id(tx)
        mailboxes.add(tx, NewMailbox(
            mailbox_id, "grace@navy.test", "Grace", "127.0.0.1", 25, MailSecurity.NONE, "127.0.0.1", 143,
            MailSecurity.NONE, None, "INBOX", None, 40, "Europe/Berlin"))  # fmt: skip
        made = campaigns.add(tx, NewCampaign(
            "frost", sequences.add(tx, "frost", OVER_30_DAYS), 0, None, Window(**WORK.model_dump())))  # fmt: skip
        assert made
        campaigns.add_mailboxes(tx, made.id, [mailbox_id])
        campaigns.activate(tx, made.id)
        emit(tx, CampaignOpened(campaign_id=made.id), key="1")
        crm_id = crm_connections.new_id(tx)
    with database.hat("operator") as tx:
        credentials.put(tx, token_of(tenant, crm_id), sealed=b"sealed")
    with database.tenant(tenant) as tx:
        crm_connections.add(tx, crm_id, provider="hubspot", base_url="https://crm.test")
        crm_mappings.put_all(tx, crm_id, HUBSPOT)
    return mailbox_id


def answer(to: EmailMessage, text: str, **headers: str) -> bytes:
    """What a person writes back, with our mail quoted below."""
    mail = EmailMessage()
    mail["From"], mail["To"] = str(to["To"]), str(to["From"])
    for name, value in {"Subject": f"Re: {to['Subject']}", **headers}.items():
        mail[name] = value
    mail["Message-ID"] = f"<reply-to-{str(to['To']).partition('@')[0]}@acme.test>"
    mail["In-Reply-To"], mail["References"] = str(to["Message-ID"]), str(to["Message-ID"])
    mail["Date"] = str(to["Date"])
    quoted = "\n".join(f"> {line}" for line in to.get_content().splitlines())
    mail.set_content(f"{text}\n\nOn Monday Grace wrote:\n{quoted}\n")
    return mail.as_bytes()


@pytest.mark.system(3)
def test_three_steps_over_thirty_days_then_a_reply_stops_and_the_crm_knows(
    journey: Journey, mailbox: UUID, database: Database, tenant: UUID, sender: FakeSender,
    reader: FakeReader, crm: FakeCrm, peek: Peek,
) -> None:  # fmt: skip
    journey.travel(MONDAY)
    began = process_time()

    # A form tells us about Ada, who gets three mails over thirty days.
    with database.tenant(tenant) as tx:
        ada = capture(
            tx,
            "ada@acme.test",
            full_name="Ada Lovelace",
            first_name="Ada",
            title="CTO",
            country="DE",
        )
        emit(tx, LeadCaptured(lead_id=ada), key="web:1")
    journey.settle()
    journey.pass_time(timedelta(days=31))
    mails = [mail_of(sent.mail) for sent in sender.sent]
    assert [str(mail["Subject"]) for mail in mails] == ["Acme and the frost"] * 3
    assert str(mails[2]["References"]).split() == [str(m["Message-ID"]) for m in mails[:2]]
    assert journey.now() - MONDAY == timedelta(days=31)

    # She answers the last one; everybody hears of it, and nothing more is sent.
    reader.folders["INBOX"] = [
        answer(mails[2], "Sounds interesting. Can we have a call on Tuesday at 10?")
    ]
    with database.tenant(tenant) as tx:
        emit(tx, MailboxStirred(mailbox_id=mailbox), key="")
    journey.settle()
    journey.pass_time(timedelta(days=40))
    assert len(sender.sent) == 3
    assert peek("SELECT status::text, stop_reason::text FROM outrider.enrollments") == [
        ("stopped", "replied")]  # fmt: skip
    assert peek("SELECT author::text, intent::text, decision::text FROM outrider.replies") == [
        ("human", "meeting_request", "stop")]  # fmt: skip
    path = peek("SELECT to_status::text FROM outrider.lead_status_transitions ORDER BY id")
    assert [status for (status,) in path] == [
        "new", "enriched", "scored", "in_sequence", "contacted", "replied", "qualified"]  # fmt: skip
    assert list(crm.contacts) == ["ada@acme.test"]
    assert peek("SELECT count(*) FROM outrider.crm_outbox") == [(0,)]
    assert peek("SELECT count(*) FROM outrider.jobs WHERE tenant_id IS NOT NULL") == [(0,)]
    assert process_time() - began < 1  # of our own; the wall clock is other processes' too

    # And every step of it can be told.
    with database.tenant(tenant) as tx:
        story = [entry.what for entry in timelines.of_lead(tx, ada)]
    for what in ("score", "enrolled", "step 3", "mail out", "mail in", "reply", "crm"):
        assert what in story


AWAY = {"Auto-Submitted": "auto-replied", "Subject": "Out of office"}
ROBOT = {"Auto-Submitted": "auto-replied"}
ANSWERS: dict[str, tuple[str, dict[str, str]]] = {
    "meeting_request": ("Let's have a call on Tuesday at 10.", {}),
    "interested": ("Sounds good, send me more information.", {}),
    "question": ("How much does it cost?", {}),
    "not_interested": ("No thanks, we are not interested.", {}),
    "unsubscribe": ("Please take me off your list.", {}),
    "out_of_office": ("I am on holiday and back on 11 December.", AWAY),
    "auto_reply": ("This is an automated message.", ROBOT),
}
ENDS = """
    SELECT split_part(l.email::text, '@', 1), r.intent::text, e.status::text, e.stop_reason::text, l.status::text
      FROM outrider.leads l JOIN outrider.enrollments e ON e.lead_id = l.id
      JOIN outrider.replies r ON r.lead_id = l.id ORDER BY 1
"""


@pytest.mark.system(8)
def test_each_of_seven_answers_in_one_mailbox_leads_to_its_own_action(
    journey: Journey, mailbox: UUID, database: Database, tenant: UUID, sender: FakeSender,
    reader: FakeReader, crm: FakeCrm, peek: Peek,
) -> None:  # fmt: skip
    """Each of the 7 intents from a fixture mailbox leads to its own action: unsubscribe suppresses
    and stops, out_of_office reschedules after the return date, interested stops and pushes
    to CRM, auto_reply changes nothing
    """
    journey.travel(MONDAY)
    with database.tenant(tenant) as tx:
        for name in ANSWERS:
            lead_id = capture(
                tx, f"{name}@acme.test", first_name="X", company_name="Acme", country="GB"
            )
            emit(tx, LeadCaptured(lead_id=lead_id), key=name)
    journey.pass_time(timedelta(days=1))
    mails = [mail_of(sent.mail) for sent in sender.sent]
    assert len(mails) == len(ANSWERS)
    reader.folders["INBOX"] = [
        answer(mail, text, **headers)
        for mail in mails for text, headers in [ANSWERS[str(mail["To"]).partition("@")[0]]]
    ]  # fmt: skip
    with database.tenant(tenant) as tx:
        emit(tx, MailboxStirred(mailbox_id=mailbox), key="")
    journey.pass_time(timedelta(hours=1))
    assert peek(ENDS) == [
        ("auto_reply", "auto_reply", "active", None, "contacted"),
        ("interested", "interested", "stopped", "replied", "qualified"),
        ("meeting_request", "meeting_request", "stopped", "replied", "qualified"),
        ("not_interested", "not_interested", "stopped", "replied", "lost"),
        ("out_of_office", "out_of_office", "paused", None, "contacted"),
        ("question", "question", "stopped", "replied", "replied"),
        ("unsubscribe", "unsubscribe", "stopped", "unsubscribed", "unsubscribed"),
    ]
    with database.tenant(tenant) as tx:
        left_alone = [name for name in ANSWERS if suppressions.because(tx, f"{name}@acme.test")]
    assert left_alone == ["unsubscribe"]
    assert {name: crm.contacts[f"{name}@acme.test"]["outrider_status"] for name in ANSWERS} == {
        name: status for name, _, _, _, status in peek(ENDS)}  # fmt: skip
    journey.pass_time(timedelta(days=60))
    later = Counter(sent.recipient.partition("@")[0] for sent in sender.sent[len(ANSWERS) :])
    assert later == {"auto_reply": 2, "out_of_office": 2}
    back = peek("""
        SELECT s.sent_at FROM outrider.step_executions s JOIN outrider.enrollments e ON e.id = s.enrollment_id
          JOIN outrider.leads l ON l.id = e.lead_id
         WHERE l.email = 'out_of_office@acme.test' ORDER BY s.step_number""")
    assert back[1][0] > datetime(2026, 12, 12, tzinfo=UTC), "after the day of return"
    assert back[0][0] + timedelta(days=10) < datetime(2026, 12, 11, tzinfo=UTC), (
        "due during the absence"
    )
