"""Sends one mail of a sequence, once, or says why not; then plans the next one.

A refusal is the recipient's, the mailbox's or the mail's, and only that stops. Nothing is skipped
in silence: every way out leaves a row that says what happened.
"""

from datetime import timedelta

from db import Tx, clock, enrollments, leads, mailboxes, messages, steps, suppressions
from db.enrollments import Enrollment
from db.lanes import LaneRule
from schemas.enums import (
    EnrollmentStatus,
    LeadStatus,
    StepStatus,
    StopReason,
    SuppressionKind,
    SuppressionReason,
)
from schemas.errors import Permanent
from schemas.events import LeadMoved
from schemas.jobs import SendStep
from schemas.mails import Refused, RefusedWhat
from workers import planning, sending, touches
from workers.actor import actor
from workers.context import Context
from workers.effects import perform
from workers.retry import PATIENT
from workers.touches import Touch


@actor(
    SendStep,
    queue="sequencing",
    retry=PATIENT,
    limit=timedelta(minutes=2),
    rule=LaneRule(max_running=4, opens_after=5),
)
def send_step(job: SendStep, ctx: Context) -> None:
    """Safe to run twice, and in two epochs at once: one mail per enrollment and step."""
    with ctx.transaction() as tx:
        touch = touches.read(tx, job, ctx.claim.tenant_id)
    if touch is None:
        ctx.log.info("step.void", step_id=str(job.step_id), epoch=job.epoch)
        return
    try:
        mail = sending.effect(ctx, touch)
    except Permanent as error:
        _unwritable(ctx, touch, str(error))
        return
    try:
        perform(ctx, mail)
    except sending.Withheld as refusal:
        _withheld(ctx, touch, refusal)
    except Refused as refusal:
        _refused(ctx, touch, refusal)
    else:
        _sent(ctx, touch)


def _sent(ctx: Context, touch: Touch) -> None:
    with ctx.finish() as tx:
        message = messages.find_by_effect(tx, touch.key)
        assert message
        enrollment = enrollments.get_locked(tx, touch.enrollment.id)
        first = steps.mark_sent(
            tx, touch.step.id, message_id=message.id, sent_at=message.claimed_at
        )
        if first:
            planning.go_on(ctx, tx, enrollment.id)
        # Last, as everywhere: whoever emits holds a key that others wait for.
        _move(ctx, tx, touch, LeadStatus.CONTACTED)
    ctx.log.info("step.sent", step_id=str(touch.step.id), message_id=str(message.id))


def _withheld(ctx: Context, touch: Touch, refusal: sending.Withheld) -> None:
    with ctx.finish() as tx:
        enrollment = enrollments.get_locked(tx, touch.enrollment.id)
        if isinstance(refusal, sending.Suppressed):
            steps.settle(tx, touch.step.id, StepStatus.SKIPPED, str(refusal))
            enrollments.stop(tx, enrollment.id, StopReason.SUPPRESSED, by=ctx.job.name)
        elif isinstance(refusal, sending.Later) and _is_mine(touch, enrollment):
            planning.postpone(ctx, tx, enrollment, touch.step, earliest=refusal.earliest,
                              because=refusal.because)  # fmt: skip
    ctx.log.info("step.withheld", step_id=str(touch.step.id), reason=str(refusal))


def _refused(ctx: Context, touch: Touch, refusal: Refused) -> None:
    with ctx.finish() as tx:
        enrollment = enrollments.get_locked(tx, touch.enrollment.id)
        if refusal.what is RefusedWhat.MAILBOX:
            stop = mailboxes.need_reauth if refusal.is_of_the_login else mailboxes.pause
            stop(tx, touch.mailbox.id, str(refusal))
            if _is_mine(touch, enrollment):
                planning.postpone(ctx, tx, enrollment, touch.step, because=str(refusal),
                                  earliest=clock.read(tx) + planning.SOON)  # fmt: skip
        else:
            steps.settle(tx, touch.step.id, StepStatus.FAILED, str(refusal))
            _end(ctx, tx, touch, enrollment, refusal)
    ctx.log.error("mail.refused", what=refusal.what.value, step_id=str(touch.step.id), code=refusal.code,
                  mailbox_id=str(touch.mailbox.id), lead_id=str(touch.lead.id))  # fmt: skip


def _end(ctx: Context, tx: Tx, touch: Touch, enrollment: Enrollment, refusal: Refused) -> None:
    if refusal.what is not RefusedWhat.RECIPIENT:
        enrollments.stop(tx, enrollment.id, StopReason.REFUSED, by=ctx.job.name)
        return
    if (refusal.status or "").startswith("5.1.") and touch.lead.email:
        suppressions.add(
            tx, SuppressionKind.EMAIL, touch.lead.email, SuppressionReason.BOUNCE, "smtp"
        )
    enrollments.stop(tx, enrollment.id, StopReason.BOUNCED, by=ctx.job.name)
    _move(ctx, tx, touch, LeadStatus.BOUNCED)


def _unwritable(ctx: Context, touch: Touch, reason: str) -> None:
    """A person has to mend the template or the lead; until then nothing more goes to this one."""
    with ctx.finish() as tx:
        enrollment = enrollments.get_locked(tx, touch.enrollment.id)
        if _is_mine(touch, enrollment):
            steps.settle(tx, touch.step.id, StepStatus.FAILED, reason)
            enrollments.hold(tx, enrollment.id, f"Step {touch.step.step_number}: {reason}")
    ctx.log.error("step.unwritable", step_id=str(touch.step.id), reason=reason)


def _is_mine(touch: Touch, enrollment: Enrollment) -> bool:
    """Whether the plan of this job still is the valid one; the enrollment is locked."""
    return enrollment.status is EnrollmentStatus.ACTIVE and enrollment.epoch == touch.step.epoch


def _move(ctx: Context, tx: Tx, touch: Touch, to: LeadStatus) -> None:
    lead = leads.get_locked(tx, touch.lead.id)
    if leads.move(tx, lead, to, cause=ctx.job.name):
        ctx.emit(tx, LeadMoved(lead_id=lead.id, to=to), key=f"{lead.id}:{ctx.claim.id}")
