"""A tenant that writes to people: mailboxes, scored leads, campaigns, and time that passes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest

from db import (
    Database,
    campaigns,
    clock,
    enrichments,
    enrollments,
    leads,
    mailboxes,
    scores,
    sequences,
    steps,
)
from db.campaigns import NewCampaign
from db.enrollments import Enrollment
from db.mailboxes import NewMailbox
from db.sequences import SequenceStep
from db.steps import Step
from providers.fake_mail import FakeReader, FakeSender
from schemas.enums import EmailStatus, LeadStatus, LeadTier, MailSecurity
from schemas.jobs import FillCampaigns, SendStep
from schemas.slots import Window
from tests.factories import capture, pick, promote
from tests.fix_world import Bench, until
from workers import campaigns as _campaigns
from workers import enrollments as _enrollments
from workers import sequencing as _sequencing
from workers.actor import registered

assert _campaigns
assert _enrollments
assert _sequencing

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
"""An ordinary working day, inside the window in most of Europe."""
THREE = (
    SequenceStep(1, 0, "Hello {{ first_name | default: 'there' }}", "First, {{ first_name | default: 'you' }}."),
    SequenceStep(2, 3, None, "Second."),
    SequenceStep(3, 7, None, "Third."),
)  # fmt: skip
WORK = Window(days=frozenset(range(1, 6)), start=time(9), end=time(17))


@dataclass(slots=True)
class Outreach:
    """What the tests of sequences do again and again."""

    bench: Bench
    database: Database
    tenant: UUID
    sender: FakeSender
    reader: FakeReader
    at: Callable[[datetime], None]
    peek: Callable[..., list[tuple[Any, ...]]]

    def mailbox(
        self, email: str = "sales@acme.test", *, cap: int = 100, sent_folder: str | None = None
    ) -> UUID:
        """A mailbox that asks for no password."""
        with self.database.tenant(self.tenant) as tx:
            mailbox_id = mailboxes.new_id(tx)
            mailboxes.add(tx, NewMailbox(
                mailbox_id, email, "Ada", "127.0.0.1", 25, MailSecurity.NONE, "127.0.0.1", 143,
                MailSecurity.NONE, None, "INBOX", sent_folder, cap, "Europe/Berlin"))  # fmt: skip
        return mailbox_id

    def lead(self, email: str, *, score: int = 70, **known: str) -> UUID:
        """A lead that was enriched and scored."""
        with self.database.tenant(self.tenant) as tx:
            lead_id = capture(tx, email, **known)
            enrichments.record(tx, lead_id, fingerprint="f", fields={}, facts={}, effect_keys=[])
            leads.fill_blanks(
                tx, lead_id, fields={}, email_status=EmailStatus.UNKNOWN, company_id=None
            )
            leads.move(tx, leads.get_locked(tx, lead_id), LeadStatus.ENRICHED, cause="test")
            scores.record(tx, [scores.NewScore(
                lead_id, None, "m", 1, score, LeadTier.HOT,
                [{"points": score, "because": "a test"}], "h")])  # fmt: skip
            leads.set_scores(tx, {lead_id: (score, LeadTier.HOT)})
            leads.move(tx, leads.get_locked(tx, lead_id), LeadStatus.SCORED, cause="test")
        return lead_id

    def campaign(
        self, *mailbox_ids: UUID, texts: Sequence[SequenceStep] = THREE, window: Window = WORK,
        daily: int | None = None, min_score: int = 0, name: str = "autumn",
    ) -> UUID:  # fmt: skip
        """An active campaign."""
        with self.database.tenant(self.tenant) as tx:
            sequence_id = sequences.add(tx, name, texts)
            made = campaigns.add(tx, NewCampaign(name, sequence_id, min_score, daily, window))
            assert made
            campaigns.add_mailboxes(tx, made.id, mailbox_ids)
            campaigns.activate(tx, made.id)
        return made.id

    def fill(self) -> int:
        """One fill of every campaign; returns its job."""
        return self.bench.do(registered()[FillCampaigns.name], FillCampaigns())

    def enroll(self, email: str = "bob@example.test", **known: str) -> Enrollment:
        """A lead whose first mail is planned; needs a campaign, and makes one when there is none."""
        if not self.peek("SELECT 1 FROM outrider.campaigns"):
            self.campaign(self.mailbox())
        lead_id = self.lead(email, score=70, **known)
        self.fill()
        with self.database.tenant(self.tenant) as tx:
            found = enrollments.find_live_of_lead(tx, lead_id)
        assert found
        return found

    def enrollment(self, enrollment_id: UUID) -> Enrollment:
        """As it stands."""
        with self.database.tenant(self.tenant) as tx:
            return enrollments.get(tx, enrollment_id)

    def steps(self, enrollment_id: UUID) -> list[Step]:
        """All planned steps, in order."""
        with self.database.tenant(self.tenant) as tx:
            return steps.list_of_enrollment(tx, enrollment_id)

    def job_of(self, step: Step) -> int:
        """The open job of a step's current plan."""
        [(job_id,)] = self.peek(
            """
            SELECT id FROM outrider.jobs WHERE actor = 'step.send' AND payload ->> 'step_id' = %s
               AND payload ->> 'epoch' = %s
            """, str(step.id), str(step.epoch))  # fmt: skip
        return int(job_id)

    def send(self, enrollment_id: UUID) -> int:
        """Travel to the moment of the waiting step and make one attempt at it; returns its job."""
        step = self.steps(enrollment_id)[-1]
        self.at(step.due_at)
        return self.attempt(self.job_of(step))

    def attempt(self, job_id: int, actor: str = SendStep.name) -> int:
        """One attempt at a job that is due, even when its ticket came together with others."""

        def ticket_is_there() -> bool:
            promote(self.database)
            pick(self.database, actor)
            return bool(self.peek(
                "SELECT 1 FROM outrider.jobs WHERE id = %s AND state = 'dispatched'", job_id))  # fmt: skip

        until(ticket_is_there, seconds=3)
        self.bench.runner.run(registered()[actor], [job_id], self.tenant)
        return job_id

    def attempt_next(self, actor: str) -> int:
        """One attempt at the newest open job of an actor, at its due time; returns the job."""
        [(job_id, due_at)] = self.peek(
            "SELECT id, due_at FROM outrider.jobs WHERE actor = %s ORDER BY id DESC LIMIT 1", actor
        )
        if due_at > self.now():
            self.at(due_at)
        return self.attempt(int(job_id), actor)

    def now(self) -> datetime:
        """Business time."""
        with self.database.tenant(self.tenant) as tx:
            return clock.read(tx)

    def mails(self) -> list[EmailMessage]:
        """What the server took, parsed, in order."""
        return [mail_of(sent.mail) for sent in self.sender.sent]

    def status_of(self, lead_id: UUID) -> LeadStatus:
        """Where a lead is in the funnel."""
        with self.database.tenant(self.tenant) as tx:
            return leads.get(tx, lead_id).status


def mail_of(raw: bytes) -> EmailMessage:
    """A mail as its reader sees it."""
    found = message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.fixture
def outreach(
    bench: Bench, database: Database, tenant: UUID, sender: FakeSender, reader: FakeReader,
    at: Callable[[datetime], None], peek: Callable[..., list[tuple[Any, ...]]],
) -> Outreach:  # fmt: skip
    """A tenant on a Monday morning."""
    at(MONDAY)
    return Outreach(bench, database, tenant, sender, reader, at, peek)
