"""Turns a hold into a stop, a pause or a release, and ends pauses. The verdicts are a pure table.

Of several mails in one conversation a stop beats a pause and a pause beats a release; no verdict
lifts a hold that another mail, not decided yet, put there.
"""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from db import Tx, campaigns, clock, enrollments, leads, replies
from db.enrollments import Enrollment
from db.replies import Reply
from schemas.enums import EnrollmentStatus, ReplyAuthor, ReplyDecision
from schemas.events import EnrollmentPaused, LeadMoved, ReplyAwaitsReview
from schemas.jobs import ResumeEnrollment, SettleHold
from schemas.slots import business_day_after
from schemas.verdicts import Verdict, decide
from workers import model_accounts, planning
from workers.actor import actor
from workers.context import Context
from workers.retry import QUICK

_ABSENCE = timedelta(days=7)
"""How long somebody is away who does not say until when."""
_LONGEST = timedelta(days=60)
"""A later date is more likely misread than meant."""
_LIVE = {EnrollmentStatus.ACTIVE, EnrollmentStatus.HELD, EnrollmentStatus.PAUSED}

Act = tuple[ReplyDecision, str]


@actor(SettleHold, queue="sequencing", retry=QUICK, limit=timedelta(seconds=30))
def settle_hold(job: SettleHold, ctx: Context) -> None:
    """Safe to run twice: a reply that was decided stays so, but for one that waits for a person."""
    with ctx.finish() as tx:
        reply = replies.get_locked(tx, job.reply_id)
        if reply.decision not in {None, ReplyDecision.REVIEW}:
            return
        decision, because = _act(ctx, tx, reply)
        replies.decide(tx, reply.id, decision, because)
        if decision is ReplyDecision.REVIEW:
            model = model_accounts.find(ctx, tx) is not None
            ctx.emit(tx, ReplyAwaitsReview(reply_id=reply.id, model=model), key=str(reply.id))
    ctx.log.info("reply.decided", reply_id=str(reply.id), decision=decision, because=because)


@actor(ResumeEnrollment, queue="sequencing", retry=QUICK, limit=timedelta(seconds=30), chunk=8)
def resume_enrollment(job: ResumeEnrollment, ctx: Context) -> None:
    """Safe to run twice: a pause of another epoch is not this job's to end."""
    with ctx.finish() as tx:
        enrollment = enrollments.get_locked(tx, job.enrollment_id)
        if enrollment.status is EnrollmentStatus.PAUSED and enrollment.epoch == job.epoch:
            enrollments.release(tx, enrollment.id)
            planning.go_on(ctx, tx, enrollment.id)


def _act(ctx: Context, tx: Tx, reply: Reply) -> Act:
    verdict = decide(
        reply.author, reply.intent, reply.sub, abstain=reply.abstain, return_date=reply.return_date
    )
    enrollment = None
    if reply.enrollment_id:
        enrollment = enrollments.get_locked(tx, reply.enrollment_id)
    elif reply.lead_id is None:
        return _nobodys(reply, verdict)
    match verdict.decision:
        case ReplyDecision.STOP:
            return _stop(ctx, tx, reply, enrollment, verdict)
        case ReplyDecision.REVIEW:
            return _ask(tx, enrollment, verdict)
        case _:
            return _wait(ctx, tx, reply, enrollment, verdict)


def _nobodys(reply: Reply, verdict: Verdict) -> Act:
    if reply.author is ReplyAuthor.HUMAN and reply.reviewed_by is None:
        return ReplyDecision.REVIEW, f"{verdict.because}; written by nobody we know"
    return ReplyDecision.NONE, f"{verdict.because}; about nobody we know"


def _stop(
    ctx: Context, tx: Tx, reply: Reply, enrollment: Enrollment | None, verdict: Verdict
) -> Act:
    assert verdict.stop_reason
    lead_id, reason, by = reply.lead_id, verdict.stop_reason, ctx.job.name
    ended = 0
    if enrollment:
        lead_id = enrollment.lead_id
        ended += enrollments.stop(tx, enrollment.id, reason, by=by)
    if lead_id:  # who answers in an old thread gets nothing from another campaign either
        ended += enrollments.stop_all_of_lead(tx, lead_id, reason, by=by)
        _move(ctx, tx, lead_id, verdict)
    if not ended:
        return ReplyDecision.NONE, f"{verdict.because}; there is nothing left to stop"
    return ReplyDecision.STOP, verdict.because


def _move(ctx: Context, tx: Tx, lead_id: UUID, verdict: Verdict) -> None:
    for status in verdict.lead_path:
        lead = leads.get_locked(tx, lead_id)
        if leads.move(tx, lead, status, cause=ctx.job.name):
            key = f"{lead_id}:{status}:{ctx.claim.id}"
            ctx.emit(tx, LeadMoved(lead_id=lead_id, to=status), key=key)


def _ask(tx: Tx, enrollment: Enrollment | None, verdict: Verdict) -> Act:
    """A person decides, and until then nothing is sent, whether or not a hold was put before."""
    if enrollment and enrollment.status in _LIVE:
        enrollments.hold(tx, enrollment.id, f"A reply needs a person: {verdict.because}.")
    return ReplyDecision.REVIEW, verdict.because


def _wait(
    ctx: Context, tx: Tx, reply: Reply, enrollment: Enrollment | None, verdict: Verdict
) -> Act:
    if enrollment is None or enrollment.status not in _LIVE:
        return ReplyDecision.NONE, f"{verdict.because}; nothing is planned"
    held = enrollment.status is EnrollmentStatus.HELD
    if held and (blocked := enrollments.held_besides(tx, enrollment.id, reply.id)):
        return verdict.decision, f"{verdict.because}; still held: {blocked}"
    returns = verdict.returns
    if verdict.decision is ReplyDecision.PAUSE:
        returns = returns or (clock.read(tx) + _ABSENCE).date() - timedelta(days=1)
    elif held:
        returns = enrollments.absent_until(tx, enrollment.id)
    else:
        return ReplyDecision.RELEASE, f"{verdict.because}; nothing was held"
    _resume(ctx, tx, enrollment, returns)
    return verdict.decision, verdict.because


def _resume(ctx: Context, tx: Tx, enrollment: Enrollment, returns: date | None) -> None:
    """Go on now, or once the person is back."""
    now = clock.read(tx)
    until = _back(tx, enrollment, returns, now) if returns else now
    if until <= now:
        if enrollments.release(tx, enrollment.id):
            planning.go_on(ctx, tx, enrollment.id)
    elif epoch := enrollments.pause(tx, enrollment.id, until):
        ctx.emit(
            tx,
            EnrollmentPaused(enrollment_id=enrollment.id, epoch=epoch, due_at=until),
            key=f"{enrollment.id}:{epoch}",
        )


def _back(tx: Tx, enrollment: Enrollment, returns: date, now: datetime) -> datetime:
    """The start of the working day after somebody is back, by their own clock; a day has its limit."""
    window = campaigns.get(tx, enrollment.campaign_id).window
    country = leads.get(tx, enrollment.lead_id).country
    zone = ZoneInfo(enrollment.timezone)
    last = (now + _LONGEST).astimezone(zone).date()
    day = business_day_after(min(returns, last), window=window, country=country)
    back = datetime.combine(day, time(), zone)
    return max(back, enrollment.resume_at) if enrollment.resume_at else back
