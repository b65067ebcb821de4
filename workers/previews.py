"""The mails that a lead would get from a campaign, as they would go. Sends and writes nothing."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db import Tx, campaign_leads, campaign_reports, clock, enrollments, leads, mailboxes, sequences
from db import steps as all_steps
from db.campaigns import Campaign
from db.enrollments import Enrollment
from db.leads import Lead
from db.steps import Step
from schemas import templates, zones
from schemas.errors import Permanent
from schemas.letters import with_footer
from schemas.links import unsubscribe_url
from workers import planning
from workers.touches import facts_of


@dataclass(frozen=True, slots=True)
class Preview:
    """One mail; no `due_at`: it follows from when the one before is sent."""

    step_number: int
    due_at: datetime | None
    because: str
    sender: str
    recipient: str
    subject: str
    body: str


def preview(tx: Tx, campaign: Campaign, lead_id: UUID, *, base: str) -> list[Preview]:
    """Every mail of the sequence for a lead, with the moment of those that have one, and its reason.

    Raises MissingFact as the sending would, and Permanent when the campaign has no mailbox.
    """
    lead = leads.get(tx, lead_id)
    known = campaign_reports.find_enrollment(tx, campaign.id, lead_id)
    enrollment = enrollments.get(tx, known) if known else None
    planned = all_steps.list_of_enrollment(tx, known) if known else []
    mailbox = mailboxes.get(tx, enrollment.mailbox_id if enrollment else _sender(tx, campaign))
    facts, subject, found = facts_of(lead, mailbox), "", list[Preview]()
    link = unsubscribe_url(base, enrollment.token if enrollment else "preview")
    for text in sequences.list_steps(tx, campaign.sequence_id):
        subject = templates.render_subject(text.subject, facts) if text.subject else subject
        due_at, because = _when(tx, campaign, lead, enrollment, planned, text.step_number,
                                text.delay_days)  # fmt: skip
        found.append(
            Preview(
                text.step_number,
                due_at,
                because,
                mailbox.email,
                lead.email or "",
                subject,
                with_footer(templates.render(text.body, facts), link),
            )
        )
    return found


def _sender(tx: Tx, campaign: Campaign) -> UUID:
    loads = campaign_leads.list_loads(tx, campaign.id)
    if not loads:
        raise Permanent(f"mailboxes: {campaign.name} has no active mailbox.")
    return min(loads, key=lambda load: (load.blocked, load.live, load.mailbox_id)).mailbox_id


def _when(
    tx: Tx,
    campaign: Campaign,
    lead: Lead,
    enrollment: Enrollment | None,
    planned: list[Step],
    number: int,
    delay_days: int,
) -> tuple[datetime | None, str]:
    for step in planned:
        if step.step_number == number:
            return step.sent_at or step.due_at, f"{step.status}: {step.because}"
    if number > 1 or enrollment:
        return None, planning.wait(delay_days, number - 1)
    zone = zones.resolve(lead.timezone, lead.country, campaign_leads.tenant_zone(tx))
    slot = planning.slot_for(lead.id, 1, clock.read(tx), window=campaign.window, zone=zone.name,
                             country=lead.country)  # fmt: skip
    return slot.at, f"if it were enrolled now; zone of the {zone.source}; {slot.because}"
