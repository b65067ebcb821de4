"""One touch: everything that a step of a sequence needs, and the mail that comes of it.

Reads and renders. Refuses to look at a step whose plan is void.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db import Tx, campaigns, clock, enrollments, leads, mailboxes, messages, sequences, steps
from db.campaigns import Campaign
from db.enrollments import Enrollment
from db.leads import Lead
from db.mailboxes import Mailbox
from db.messages import Outbound
from db.sequences import SequenceStep
from db.steps import Step
from providers.ports import MailServer
from schemas import templates
from schemas.addresses import ascii_domain
from schemas.enums import EnrollmentStatus, MessageStatus, StepStatus
from schemas.errors import Permanent
from schemas.jobs import SendStep
from schemas.letters import Letter, message_id, with_footer
from schemas.links import unsubscribe_mailto, unsubscribe_url
from workers.mail_servers import imap_of, smtp_of


@dataclass(frozen=True, slots=True)
class Touch:
    """A step that is to be done, with everybody who is concerned, as they were read."""

    key: str
    """The mail's name in the ledger: one per enrollment and step, for ever."""
    step: Step
    enrollment: Enrollment
    campaign: Campaign
    lead: Lead
    mailbox: Mailbox
    text: SequenceStep
    earlier: list[Outbound]
    begun: bool
    """Whether its mail is out already, or may be: an earlier attempt got that far."""
    now: datetime
    smtp: MailServer
    imap: MailServer | None
    """Where a copy of what was sent can be looked for."""


def read(tx: Tx, job: SendStep, tenant_id: UUID | None) -> Touch | None:
    """What a step needs, or None when there is nothing to do: done, stopped, or planned anew.

    A mail that was begun is followed to its end, whatever was decided since.
    """
    step = steps.get(tx, job.step_id)
    enrollment = enrollments.get(tx, step.enrollment_id)
    key = key_of(tenant_id, enrollment.id, step.step_number)
    known = messages.find_by_effect(tx, key)
    begun = known is not None and known.status in {MessageStatus.SENDING, MessageStatus.SENT}
    if step.status is StepStatus.SENT or not (begun or _due(job, step, enrollment)):
        return None
    mailbox = mailboxes.get(tx, enrollment.mailbox_id)
    return Touch(
        key=key,
        step=step,
        enrollment=enrollment,
        campaign=campaigns.get(tx, enrollment.campaign_id),
        lead=leads.get(tx, enrollment.lead_id),
        mailbox=mailbox,
        text=_text(tx, enrollment, step),
        earlier=[sent for sent in messages.list_sent(tx, enrollment.id)
                 if sent.step_number < step.step_number],
        begun=begun,
        now=clock.read(tx),
        smtp=smtp_of(tx, mailbox),
        imap=imap_of(tx, mailbox) if mailbox.sent_folder and mailbox.imap_host else None,
    )  # fmt: skip


def key_of(tenant_id: UUID | None, enrollment_id: UUID, step_number: int) -> str:
    """What the ledger calls the mail of a step."""
    return f"email:{tenant_id}:{enrollment_id}:{step_number}:0"


def _due(job: SendStep, step: Step, enrollment: Enrollment) -> bool:
    return (
        step.status is StepStatus.SCHEDULED
        and enrollment.status is EnrollmentStatus.ACTIVE
        and step.epoch == enrollment.epoch == job.epoch
    )


def _text(tx: Tx, enrollment: Enrollment, step: Step) -> SequenceStep:
    for text in sequences.list_steps(tx, enrollment.sequence_id):
        if text.step_number == step.step_number:
            return text
    raise Permanent(f"step_number: the sequence has no step {step.step_number}.")


def letter(touch: Touch, *, base: str) -> Letter:
    """The mail of a touch, whose links begin with `base`.

    Raises MissingFact or BadTemplate when a template cannot be filled, Permanent without an address.
    """
    facts, mailbox, lead = facts_of(touch.lead, touch.mailbox), touch.mailbox, touch.lead
    if lead.email is None:
        raise Permanent("email: the lead has no address to write to.")
    link = unsubscribe_url(base, touch.enrollment.token)
    return Letter(
        message_id=message_id(touch.key, ascii_domain(mailbox.email.rpartition("@")[2])),
        sender_email=mailbox.email,
        sender_name=mailbox.display_name,
        recipient_email=lead.email,
        recipient_name=lead.full_name,
        subject=_subject(touch, facts),
        body=with_footer(templates.render(touch.text.body, facts), link),
        date=touch.now,
        in_reply_to=touch.earlier[-1].rfc_message_id if touch.earlier else None,
        references=tuple(sent.rfc_message_id for sent in touch.earlier),
        unsubscribe_url=link,
        unsubscribe_mailto=unsubscribe_mailto(mailbox.email, touch.enrollment.token),
    )


def _subject(touch: Touch, facts: dict[str, str]) -> str:
    if touch.text.subject is not None:
        return templates.render_subject(touch.text.subject, facts)
    # No "Re:": nobody answered. The same words and the References are what makes it one thread.
    return (touch.earlier[-1].subject if touch.earlier else None) or ""


def facts_of(lead: Lead, mailbox: Mailbox) -> dict[str, str]:
    """What a template may name; a fact that we do not know is left out, never empty."""
    known = {
        "first_name": lead.first_name,
        "last_name": lead.last_name,
        "full_name": lead.full_name,
        "email": lead.email,
        "title": lead.title,
        "company_name": lead.company_name,
        "company_domain": lead.company_domain,
        "website": lead.website,
        "country": lead.country,
        "sender_name": mailbox.display_name,
        "sender_email": mailbox.email,
    }
    return {name: value for name, value in known.items() if value}
