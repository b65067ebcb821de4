"""Facts, in the past tense. The pipeline says what follows from each."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from schemas.base import Event
from schemas.enums import LeadStatus, LeadTier, MailMatch, Meter, ReplyAuthor, ReplyIntent


class LeadCaptured(Event):
    """A verified source told us about a person."""

    name: ClassVar[str] = "lead.captured"
    lead_id: UUID


class LeadEnriched(Event):
    """Public facts about a lead are stored with their provenance."""

    name: ClassVar[str] = "lead.enriched"
    lead_id: UUID


class LeadScored(Event):
    """A lead has a number, a tier and the reasons for both."""

    name: ClassVar[str] = "lead.scored"
    lead_id: UUID
    tier: LeadTier


class LeadMoved(Event):
    """A lead moved along the funnel because of something between us and the person."""

    name: ClassVar[str] = "lead.moved"
    lead_id: UUID
    to: LeadStatus


class CampaignOpened(Event):
    """A campaign was activated, and may take leads."""

    name: ClassVar[str] = "campaign.opened"
    campaign_id: UUID


class CampaignFull(Event):
    """A campaign took all the new leads that a day allows, and more are waiting."""

    name: ClassVar[str] = "campaign.full"
    campaign_id: UUID
    due_at: datetime


class StepScheduled(Event):
    """A step of an enrollment is to be done at a moment; a later epoch makes this plan void."""

    name: ClassVar[str] = "step.scheduled"
    step_id: UUID
    mailbox_id: UUID
    epoch: int
    due_at: datetime


class EnrollmentPaused(Event):
    """A sequence waits for a date, as an absence notice asked."""

    name: ClassVar[str] = "enrollment.paused"
    enrollment_id: UUID
    epoch: int
    due_at: datetime


class MailboxStirred(Event):
    """Somebody who listens to a mailbox heard something, or it is time to look."""

    name: ClassVar[str] = "mailbox.stirred"
    mailbox_id: UUID


class MailReceived(Event):
    """A mail is stored as it came, for the first time."""

    name: ClassVar[str] = "mail.received"
    mail_id: UUID


class MailMatched(Event):
    """We know whose mail this is, or that nobody does; what it interrupts is held."""

    name: ClassVar[str] = "mail.matched"
    mail_id: UUID
    match: MailMatch


class ReplyClassified(Event):
    """A mail was understood; what it says has not been acted on yet."""

    name: ClassVar[str] = "reply.classified"
    reply_id: UUID
    author: ReplyAuthor
    intent: ReplyIntent


class ReplyAwaitsReview(Event):
    """A reply waits for a person to say what it is; `model`: there is one to ask for a suggestion."""

    name: ClassVar[str] = "reply.awaits_review"
    reply_id: UUID
    model: bool


class IntegrationDue(Event):
    """It is time to ask a connected account whether it still takes our secret."""

    name: ClassVar[str] = "integration.due"
    integration_id: UUID


class ContactsCollected(Event):
    """A batch of leads waits to be told to a CRM."""

    name: ClassVar[str] = "contacts.collected"
    batch_id: UUID
    connection_id: UUID


class ListsChanged(Event):
    """Somebody was put on a list of those never to be written to, or taken off it."""

    name: ClassVar[str] = "lists.changed"


class ContactsLeft(Event):
    """A batch is through, and leads that changed meanwhile are left to be told."""

    name: ClassVar[str] = "contacts.left"


class UsageWarned(Event):
    """A tenant reached 80 % of what its plan gives in a month."""

    name: ClassVar[str] = "usage.warned"
    meter: Meter
    used: int
    allowed: int
    month: date


class ImportStaged(Event):
    """Every row of a file is kept, and waits to be taken by a job."""

    name: ClassVar[str] = "import.staged"
    import_id: UUID


class ImportTaken(Event):
    """A part of a file was taken; `left` rows wait."""

    name: ClassVar[str] = "import.taken"
    import_id: UUID
    left: int
