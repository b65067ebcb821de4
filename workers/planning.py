"""When the next mail of a sequence is due, and the plan of it: a row and its wait, made together.

Shared by every actor that lets a sequence go on. Refuses to plan for one that is not active.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from db import Tx, campaigns, clock, enrollments, leads, sequences, steps
from db.campaigns import Campaign
from db.enrollments import Enrollment
from db.steps import Plan, Step
from schemas.enums import EnrollmentStatus, StepStatus
from schemas.events import StepScheduled
from schemas.slots import Slot, Window, next_slot
from workers.context import Context

SOON = timedelta(hours=1)
"""How long to wait for what a person has to put right: a paused mailbox, a paused campaign."""


def slot_for(
    enrollment_id: UUID,
    step_number: int,
    earliest: datetime,
    *,
    window: Window,
    zone: str,
    country: str | None,
) -> Slot:
    """The moment of a step, never before `earliest`; the same step gives the same draw again."""
    seed = f"{enrollment_id}:{step_number}"
    return next_slot(earliest, window=window, zone=zone, country=country, seed=seed)


def schedule(ctx: Context, tx: Tx, plans: Sequence[Plan]) -> None:
    """Write plans down and start their waits; at most one per step in one run of a job."""
    due = {plan.enrollment_id: plan for plan in plans}
    ctx.emit_all(
        tx,
        [
            (
                StepScheduled(
                    step_id=planned.id,
                    mailbox_id=planned.mailbox_id,
                    epoch=due[planned.enrollment_id].epoch,
                    due_at=due[planned.enrollment_id].due_at,
                ),
                f"{planned.id}:{due[planned.enrollment_id].epoch}:{ctx.claim.id}",
            )
            for planned in steps.plan(tx, plans)
        ],
    )


def postpone(
    ctx: Context, tx: Tx, enrollment: Enrollment, step: Step, *, earliest: datetime, because: str
) -> None:
    """Move a waiting step of a locked, active enrollment to the first slot from `earliest` on."""
    campaign = campaigns.get(tx, enrollment.campaign_id)
    slot = _slot(tx, enrollment, campaign, step.step_number, earliest)
    schedule(ctx, tx, [Plan(enrollment.id, step.step_number, slot.at, enrollment.epoch,
                            f"{because}; {slot.because}")])  # fmt: skip


def go_on(ctx: Context, tx: Tx, enrollment_id: UUID) -> None:
    """Plan what comes next: the step that waits, the one after the last mail, or the end.

    Does nothing for an enrollment that is held, paused or over. Locks it until `tx` ends.
    """
    enrollment = enrollments.get_locked(tx, enrollment_id)
    if enrollment.status is not EnrollmentStatus.ACTIVE:
        return
    now, known = clock.read(tx), steps.list_of_enrollment(tx, enrollment_id)
    for step in known:
        if step.status is StepStatus.SCHEDULED:
            postpone(ctx, tx, enrollment, step, earliest=max(now, step.due_at), because="goes on")
            return
    _follow(ctx, tx, enrollment, known, now)


def _follow(ctx: Context, tx: Tx, enrollment: Enrollment, known: list[Step], now: datetime) -> None:
    last = max((step.step_number for step in known), default=0)
    sent_at = max((step.sent_at for step in known if step.sent_at), default=now)
    following = [
        step
        for step in sequences.list_steps(tx, enrollment.sequence_id)
        if step.step_number == last + 1
    ]
    if not following:
        enrollments.complete(tx, enrollment.id)
        return
    campaign = campaigns.get(tx, enrollment.campaign_id)
    days = following[0].delay_days
    earliest = max(now, days_after(sent_at, days, enrollment.timezone))
    slot = _slot(tx, enrollment, campaign, last + 1, earliest)
    because = f"{wait(days, last)}; {slot.because}"
    schedule(ctx, tx, [Plan(enrollment.id, last + 1, slot.at, enrollment.epoch, because)])


def _slot(
    tx: Tx, enrollment: Enrollment, campaign: Campaign, step_number: int, earliest: datetime
) -> Slot:
    lead = leads.get(tx, enrollment.lead_id)
    return slot_for(
        enrollment.id,
        step_number,
        earliest,
        window=campaign.window,
        zone=enrollment.timezone,
        country=lead.country,
    )


def days_after(moment: datetime, days: int, zone: str) -> datetime:
    """The first moment of the day so many calendar days later, in a zone; itself for none."""
    if not days:
        return moment
    day = moment.astimezone(ZoneInfo(zone)).date() + timedelta(days=days)
    return datetime.combine(day, time(), ZoneInfo(zone))


def wait(days: int, step_number: int) -> str:
    """How long after a step the next one comes, in words."""
    unit = "day" if days == 1 else "days"
    return f"{days} {unit} after step {step_number}" if days else f"right after step {step_number}"
