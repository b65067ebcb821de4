"""One class per actor. The class is the contract; its `name` is what the queue sees."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from schemas.base import Event, Job
from schemas.enums import Meter
from schemas.events import (
    CampaignFull,
    ContactsCollected,
    ContactsLeft,
    EnrollmentPaused,
    ImportTaken,
    IntegrationDue,
    LeadCaptured,
    LeadEnriched,
    LeadMoved,
    LeadScored,
    ListsChanged,
    MailMatched,
    MailReceived,
    ReplyAwaitsReview,
    ReplyClassified,
    StepScheduled,
    UsageWarned,
)


class EnrichLead(Job):
    """Find out what is publicly known about a lead's address, domain and company."""

    name: ClassVar[str] = "lead.enrich"
    emits: ClassVar[tuple[type[Event], ...]] = (LeadEnriched, UsageWarned)
    lead_id: UUID


class ScoreLead(Job):
    """Put a number, a tier and the reasons for both on a lead."""

    name: ClassVar[str] = "lead.score"
    emits: ClassVar[tuple[type[Event], ...]] = (LeadScored,)
    lead_id: UUID


class FillCampaigns(Job):
    """Enroll the leads that a tenant's active campaigns wait for, as many as today allows."""

    name: ClassVar[str] = "campaign.fill"
    emits: ClassVar[tuple[type[Event], ...]] = (StepScheduled, CampaignFull)


class SendStep(Job):
    """Send one mail of a sequence, once, or say why not."""

    name: ClassVar[str] = "step.send"
    emits: ClassVar[tuple[type[Event], ...]] = (StepScheduled, LeadMoved, UsageWarned)
    step_id: UUID
    epoch: int
    mailbox_id: UUID | None = None
    """The lane; absent from jobs that were queued before there were lanes."""

    def lane(self) -> str:
        """A mailbox sends one mail at a time, and stops alone when its server says so."""
        return f"mailbox:{self.mailbox_id}" if self.mailbox_id else ""


class SettleHold(Job):
    """Turn a hold into a stop, a pause until a date, or a release, as the reply asks."""

    name: ClassVar[str] = "enrollment.settle"
    emits: ClassVar[tuple[type[Event], ...]] = (
        StepScheduled, EnrollmentPaused, LeadMoved, ReplyAwaitsReview,
    )  # fmt: skip
    reply_id: UUID


class ResumeEnrollment(Job):
    """End a pause whose date has come."""

    name: ClassVar[str] = "enrollment.resume"
    emits: ClassVar[tuple[type[Event], ...]] = (StepScheduled,)
    enrollment_id: UUID
    epoch: int


class ReadMailbox(Job):
    """Store every mail that a mailbox has and we have not, from its cursor on."""

    name: ClassVar[str] = "mailbox.read"
    emits: ClassVar[tuple[type[Event], ...]] = (MailReceived,)
    mailbox_id: UUID

    def lane(self) -> str:
        """One reader at a time per mailbox."""
        return f"mailbox:{self.mailbox_id}"


class MatchMail(Job):
    """Find out whose mail this is, and hold what it interrupts."""

    name: ClassVar[str] = "mail.match"
    emits: ClassVar[tuple[type[Event], ...]] = (MailMatched,)
    mail_id: UUID


class ClassifyMail(Job):
    """Find out who wrote a mail and what it asks for; suppress at once when it asks for that."""

    name: ClassVar[str] = "reply.classify"
    emits: ClassVar[tuple[type[Event], ...]] = (ReplyClassified,)
    mail_id: UUID


class SuggestReply(Job):
    """Ask a language model what a reply may be, for the person who decides."""

    name: ClassVar[str] = "reply.suggest"
    emits: ClassVar[tuple[type[Event], ...]] = (UsageWarned,)
    attempts: ClassVar[int] = 5
    reply_id: UUID

    def lane(self) -> str:
        """A tenant's model is asked a few questions at a time, and waits alone when its key is refused."""
        return "model"


class CollectContacts(Job):
    """Make batches of the leads that a tenant's CRMs have yet to hear of."""

    name: ClassVar[str] = "crm.collect"
    emits: ClassVar[tuple[type[Event], ...]] = (ContactsCollected, ContactsLeft)


class UpsertContacts(Job):
    """Tell a CRM one batch of contacts."""

    name: ClassVar[str] = "crm.upsert"
    emits: ClassVar[tuple[type[Event], ...]] = (ContactsLeft,)
    batch_id: UUID
    connection_id: UUID | None = None
    """The lane; absent from jobs that were queued before there were lanes."""

    def lane(self) -> str:
        """One CRM's limits are nobody else's."""
        return f"crm:{self.connection_id}" if self.connection_id else ""


class NudgeCrm(Job):
    """Wake the collectors of tenants whose leads changed without a fact that says so: a person did it."""

    name: ClassVar[str] = "house.nudge_crm"
    emits: ClassVar[tuple[type[Event], ...]] = (ContactsLeft,)


class CheckIntegration(Job):
    """Ask a connected account whether it still takes our secret."""

    name: ClassVar[str] = "integration.check"
    integration_id: UUID

    def lane(self) -> str:
        """One account's limits and troubles are nobody else's."""
        return f"integration:{self.integration_id}"


class CheckIntegrations(Job):
    """Make the day's checks of every tenant's integrations due."""

    name: ClassVar[str] = "house.check_integrations"
    emits: ClassVar[tuple[type[Event], ...]] = (IntegrationDue,)


class TakeImport(Job):
    """Make leads, or suppressions, of the next rows of a file that was posted."""

    name: ClassVar[str] = "import.take"
    emits: ClassVar[tuple[type[Event], ...]] = (LeadCaptured, ListsChanged, ImportTaken)
    import_id: UUID


class CheckInvariants(Job):
    """Ask the database whether everything that must always be true is true."""

    name: ClassVar[str] = "house.check_invariants"


class PruneHistory(Job):
    """Forget what the retention rules say to forget."""

    name: ClassVar[str] = "house.prune_history"


class WarnUsage(Job):
    """Tell that a tenant comes near the end of what its plan gives in a month."""

    name: ClassVar[str] = "usage.warn"
    meter: Meter
    used: int
    allowed: int
    month: date


class RenewCredits(Job):
    """Give every tenant the credits that its plan names for the month."""

    name: ClassVar[str] = "house.renew_credits"
