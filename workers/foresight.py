"""What a job would do if it ran now, by the same facts that its actor goes by. Reads, and never writes.

One function per job class; whoever changes what an actor does, changes what is foreseen of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar, cast
from uuid import UUID

from db import (
    Tx,
    campaigns,
    effects,
    enrichments,
    enrollments,
    leads,
    mailbox_days,
    mailboxes,
    mails,
    plans,
    quotas,
    replies,
    steps,
    suppressions,
)
from schemas.base import Job
from schemas.enums import (
    CampaignStatus,
    CrmStatus,
    EffectState,
    EnrollmentStatus,
    MailboxStatus,
    Meter,
    ReplyDecision,
    StepStatus,
)
from schemas.errors import Permanent
from schemas.jobs import (
    ClassifyMail,
    EnrichLead,
    MatchMail,
    ReadMailbox,
    ResumeEnrollment,
    ScoreLead,
    SendStep,
    SettleHold,
    UpsertContacts,
)
from schemas.slots import in_window
from workers import crm_batches, touches
from workers.touches import Touch

J = TypeVar("J", bound=Job)


class Omen(StrEnum):
    """What would happen, in the words that an operator reads."""

    RUNS = "would run"
    SETTLES = "would finish without a call"
    NOTHING = "nothing to do"
    WAITS = "would wait"
    BLOCKED = "blocked"
    FAILS = "would fail"


class Ending(StrEnum):
    """Where the job itself would be after one attempt at it."""

    DONE = "done"
    DEAD = "dead"
    PARKED = "parked"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Foresight:
    """What would happen, why, and how the job would end."""

    omen: Omen
    because: str
    ends: Ending = Ending.DONE


Foresee = Callable[[Tx, Job, UUID | None], Foresight]

_FORESEEN: dict[type[Job], Foresee] = {}
_RUNS = Foresight(Omen.RUNS, "nothing stands in its way")


def of(job: type[Job]) -> Foresee | None:
    """How a class of jobs is foreseen; None: only by the effects that it had."""
    return _FORESEEN.get(job)


def _foresees(
    job: type[J],
) -> Callable[
    [Callable[[Tx, J, UUID | None], Foresight]], Callable[[Tx, J, UUID | None], Foresight]
]:
    def register(
        foresee: Callable[[Tx, J, UUID | None], Foresight],
    ) -> Callable[[Tx, J, UUID | None], Foresight]:
        _FORESEEN[job] = cast(Foresee, foresee)
        return foresee

    return register


def by_effect(tx: Tx, key: str, *, unknown: Foresight = _RUNS) -> Foresight:
    """What the ledger lets become of a call under this key; `unknown` when it may be made."""
    known = effects.find(tx, key)
    if known is None or known.released:
        return unknown
    if known.state is EffectState.DONE:
        return Foresight(Omen.SETTLES, "its effect is done; only that is written down")
    if known.live:
        return Foresight(Omen.WAITS, f"job {known.job_id} is making this call", Ending.OPEN)
    if known.repeatable:
        return unknown
    return Foresight(Omen.BLOCKED, f"effect in doubt: {key}; settle it with `outrider jobs settle`",
                     Ending.PARKED)  # fmt: skip


@_foresees(SendStep)
def _send_step(tx: Tx, job: SendStep, tenant_id: UUID | None) -> Foresight:
    touch = touches.read(tx, job, tenant_id)
    if touch is None:
        return _void(tx, job)
    if touch.begun:
        return by_effect(tx, touch.key)
    try:
        touches.letter(touch, base="https://outrider.invalid")
    except Permanent as problem:
        return Foresight(Omen.FAILS, f"the mail cannot be written: {problem}")
    return _hindrance(tx, touch) or by_effect(tx, touch.key)


def _hindrance(tx: Tx, touch: Touch) -> Foresight | None:
    if bars := suppressions.barred_by(tx, touch.lead):
        return Foresight(Omen.BLOCKED, f"suppressed since: {bars[0].reason}")
    if obstacle := _obstacle(tx, touch):
        return Foresight(Omen.WAITS, f"{obstacle}; the step is planned anew")
    number = touch.step.step_number
    if number > 1 and number - 1 not in {sent.step_number for sent in touch.earlier}:
        return Foresight(Omen.FAILS, f"step {number - 1} was not sent before", Ending.DEAD)
    return None


def _void(tx: Tx, job: SendStep) -> Foresight:
    step = steps.get(tx, job.step_id)
    if step.status is StepStatus.SENT:
        return Foresight(Omen.NOTHING, "its effect is done: the step is sent")
    enrollment = enrollments.get(tx, step.enrollment_id)
    if enrollment.status is EnrollmentStatus.ACTIVE and step.status is not StepStatus.SCHEDULED:
        return Foresight(Omen.NOTHING, f"the step is {step.status}: {step.skip_reason}")
    return _moved_on(enrollment)


def _moved_on(enrollment: enrollments.Enrollment) -> Foresight:
    why = enrollment.stop_reason or enrollment.hold_reason
    told = f"{enrollment.status} ({why})" if why else enrollment.status.value
    return Foresight(Omen.BLOCKED, f"enrollment {told}, in epoch {enrollment.epoch}")


def _obstacle(tx: Tx, touch: Touch) -> str | None:
    if campaigns.get(tx, touch.campaign.id).status is not CampaignStatus.ACTIVE:
        return "the campaign is paused"
    if mailboxes.get(tx, touch.mailbox.id).status is not MailboxStatus.ACTIVE:
        return "the mailbox is paused"
    zone = touch.enrollment.timezone
    if not in_window(
        touch.now, window=touch.campaign.window, zone=zone, country=touch.lead.country
    ):
        return "it is out of the campaign's window"
    if mailbox_days.is_spent(tx, touch.mailbox.id):
        return "the mailbox sent its mails of today"
    return quotas.obstacle(tx, Meter.MAILS)


@_foresees(ResumeEnrollment)
def _resume(tx: Tx, job: ResumeEnrollment, _tenant_id: UUID | None) -> Foresight:
    enrollment = enrollments.get(tx, job.enrollment_id)
    if enrollment.status is EnrollmentStatus.PAUSED and enrollment.epoch == job.epoch:
        return _RUNS
    return _moved_on(enrollment)


@_foresees(SettleHold)
def _settle_hold(tx: Tx, job: SettleHold, _tenant_id: UUID | None) -> Foresight:
    reply = replies.get(tx, job.reply_id)
    if reply.decision in {None, ReplyDecision.REVIEW}:
        return _RUNS
    return Foresight(Omen.NOTHING, f"the reply was decided: {reply.decision}")


@_foresees(MatchMail)
def _match_mail(tx: Tx, job: MatchMail, _tenant_id: UUID | None) -> Foresight:
    mail = mails.get(tx, job.mail_id)
    if mail.matched_by is None:
        return _RUNS
    return Foresight(Omen.NOTHING, f"the mail was matched: {mail.matched_by}")


@_foresees(ClassifyMail)
def _classify_mail(tx: Tx, job: ClassifyMail, _tenant_id: UUID | None) -> Foresight:
    mails.get(tx, job.mail_id)
    reply = replies.find_by_mail(tx, job.mail_id)
    return Foresight(Omen.NOTHING, f"the mail was read: {reply.intent}") if reply else _RUNS


@_foresees(ReadMailbox)
def _read_mailbox(tx: Tx, job: ReadMailbox, _tenant_id: UUID | None) -> Foresight:
    mailboxes.get(tx, job.mailbox_id)
    return _RUNS


@_foresees(EnrichLead)
def _enrich_lead(tx: Tx, job: EnrichLead, _tenant_id: UUID | None) -> Foresight:
    lead = leads.get(tx, job.lead_id)
    if lead.email is None and lead.linkedin_url is None:
        return Foresight(Omen.FAILS, "the lead has no e-mail address and no profile", Ending.DEAD)
    if hindered := plans.hindrance(tx, job.lead_id):
        return Foresight(Omen.WAITS, hindered)
    return _RUNS


@_foresees(ScoreLead)
def _score_lead(tx: Tx, job: ScoreLead, _tenant_id: UUID | None) -> Foresight:
    if enrichments.find_current(tx, leads.get(tx, job.lead_id).id) is None:
        return Foresight(Omen.FAILS, "the lead has no enrichment result", Ending.DEAD)
    return _RUNS


@_foresees(UpsertContacts)
def _upsert_contacts(tx: Tx, job: UpsertContacts, _tenant_id: UUID | None) -> Foresight:
    batch = crm_batches.find(tx, job.batch_id)
    if batch is None:
        return Foresight(Omen.NOTHING, "the batch is through")
    if batch.connection.status is not CrmStatus.CONNECTED:
        told = batch.connection.status_reason
        return Foresight(Omen.BLOCKED, f"the CRM is not connected ({told}); its leads wait")
    return by_effect(tx, batch.effect_key)
