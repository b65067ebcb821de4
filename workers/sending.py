"""A step's mail as an effect: what is checked where it is claimed, and how its end is found out.

Every check runs in the transaction that claims the call, under the enrollment's lock: a stop that
committed before wins, and one that comes later finds the claim made.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from db import (
    Tx,
    campaigns,
    clock,
    enrollments,
    leads,
    mailbox_days,
    mailboxes,
    messages,
    quotas,
    suppressions,
)
from db.messages import NewOutbound
from db.quotas import Refused
from db.suppressions import Bar
from schemas.enums import (
    CampaignStatus,
    EffectClass,
    EnrollmentStatus,
    MailboxStatus,
    Meter,
)
from schemas.errors import Busy, JobError, Permanent
from schemas.letters import Letter, to_bytes
from schemas.mails import Accepted
from schemas.plans import PREFIX
from schemas.slots import in_window
from workers.context import Context
from workers.effects import Effect
from workers.planning import SOON
from workers.quotas import take
from workers.touches import Touch, letter


class Withheld(JobError):
    """The claim was refused: nothing was sent, and nothing was written."""


class Void(Withheld):
    """The plan is not valid any more; whoever made it so knows what comes next."""


class Suppressed(Withheld):
    """Something stands between us and this person."""

    def __init__(self, bar: Bar) -> None:
        super().__init__(f"suppressed: {bar.reason}")


class Later(Withheld):
    """Not now, but perhaps from `earliest` on."""

    def __init__(self, because: str, *, earliest: datetime) -> None:
        super().__init__(because)
        self.because = because
        self.earliest = earliest


def effect(ctx: Context, touch: Touch) -> Effect[Accepted]:
    """The mail of a touch, ready to be performed; nothing is rendered for one that was begun.

    Raises Permanent when there can be no mail: a fact is missing, a template or a header is broken.
    """
    if touch.begun:
        return _found(ctx, touch)
    mail = letter(touch, base=ctx.providers.link_base)
    raw = to_bytes(mail)

    def call() -> Accepted:
        return ctx.providers.sender.send(
            touch.smtp, raw, sender=mail.sender_email, recipient=mail.recipient_email
        )

    return _effect(
        ctx,
        touch,
        call=call,
        message_id=mail.message_id,
        guard=lambda tx: _guard(ctx, tx, touch, mail),
    )


def _found(ctx: Context, touch: Touch) -> Effect[Accepted]:
    def read_anew(_tx: Tx) -> None:
        raise Busy("The mail was freed since it was read.", retry_after=timedelta(0))

    def call() -> Accepted:
        raise AssertionError("the guard lets nobody come here")

    with ctx.transaction() as tx:
        known = messages.find_by_effect(tx, touch.key)
    assert known
    return _effect(ctx, touch, call=call, message_id=known.rfc_message_id, guard=read_anew)


def _effect(
    ctx: Context,
    touch: Touch,
    *,
    call: Callable[[], Accepted],
    message_id: str,
    guard: Callable[[Tx], None],
) -> Effect[Accepted]:
    return Effect(
        key=touch.key,
        kind=EffectClass.UNREPEATABLE,
        answer=Accepted,
        call=call,
        evidence=(lambda: _evidence(ctx, touch, message_id)) if touch.imap else None,
        guard=guard,
        undo=lambda tx, error: _undo(tx, touch.key, error),
        done=lambda tx, _answer: _done(tx, touch.key),
    )


def _guard(ctx: Context, tx: Tx, touch: Touch, mail: Letter) -> None:
    enrollment = enrollments.get_locked(tx, touch.enrollment.id)
    if enrollment.status is not EnrollmentStatus.ACTIVE or enrollment.epoch != touch.step.epoch:
        raise Void(f"The enrollment is {enrollment.status} in epoch {enrollment.epoch}.")
    lead = leads.get(tx, touch.lead.id)
    if lead.email != mail.recipient_email:
        raise Busy("The lead's address changed.", retry_after=timedelta(0))
    if bars := suppressions.barred_by(tx, lead):
        raise Suppressed(bars[0])
    now = clock.read(tx)
    _open(tx, touch, now)
    day = mailbox_days.reserve(tx, touch.mailbox.id)
    if day is None:
        midnight = mailbox_days.next_midnight(tx, touch.mailbox.id)
        raise Later(f"{touch.mailbox.email} sent its {touch.mailbox.daily_cap} mails of today",
                    earliest=midnight)  # fmt: skip
    _claim(tx, touch, mail, day)
    # Last: its row is the whole tenant's.
    paid = take(ctx, tx, Meter.MAILS, 1, key=touch.key)
    if isinstance(paid, Refused):
        raise Later(PREFIX + paid.because, earliest=paid.resets_at or now + SOON)


def _open(tx: Tx, touch: Touch, now: datetime) -> None:
    if campaigns.get(tx, touch.campaign.id).status is not CampaignStatus.ACTIVE:
        raise Later("the campaign is paused", earliest=now + SOON)
    if mailboxes.get(tx, touch.mailbox.id).status is not MailboxStatus.ACTIVE:
        raise Later(f"{touch.mailbox.email} is paused", earliest=now + SOON)
    window, zone = touch.campaign.window, touch.enrollment.timezone
    if not in_window(now, window=window, zone=zone, country=touch.lead.country):
        raise Later("it was late, and out of the window", earliest=now)


def _claim(tx: Tx, touch: Touch, mail: Letter, day: date) -> None:
    sent = {message.step_number for message in messages.list_sent(tx, touch.enrollment.id)}
    if touch.step.step_number > 1 and touch.step.step_number - 1 not in sent:
        raise Permanent(f"step_number: step {touch.step.step_number - 1} was not sent before.")
    messages.claim_outbound(
        tx,
        NewOutbound(
            enrollment_id=touch.enrollment.id,
            lead_id=touch.lead.id,
            mailbox_id=touch.mailbox.id,
            step_number=touch.step.step_number,
            epoch=touch.step.epoch,
            effect_key=touch.key,
            day=day,
            rfc_message_id=mail.message_id,
            in_reply_to=mail.in_reply_to,
            reference_ids=list(mail.references),
            from_address=mail.sender_email,
            to_address=mail.recipient_email,
            subject=mail.subject,
            body_text=mail.body,
        ),
    )


def _undo(tx: Tx, key: str, error: JobError) -> None:
    failed = messages.fail(tx, key, str(error))
    if failed and failed.mailbox_id:
        mailbox_days.give_back(tx, failed.mailbox_id, failed.day)
        quotas.refund(tx, Meter.MAILS, key=key)


def _done(tx: Tx, key: str) -> None:
    messages.settle_sent(tx, key)


def _evidence(ctx: Context, touch: Touch, message_id: str) -> Accepted | None:
    folder = touch.mailbox.sent_folder
    assert touch.imap
    assert folder
    try:
        found = ctx.providers.reader.find(touch.imap, folder, message_id)
    except Permanent as error:  # no way to look is no reason to forget the doubt
        ctx.log.warning("evidence.unreadable", mailbox_id=str(touch.mailbox.id), reason=str(error))
        return None
    return Accepted(answer=f"Found in {folder}.") if found else None
