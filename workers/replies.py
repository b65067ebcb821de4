"""Mails that came in: whose they are, and what they say. A mail that a person may have written holds
the sequence before anybody has read it; a mail of ours is evidence, and never an answer.
"""

from datetime import timedelta

from db import Tx, claims, effects, enrollments, mails, messages, replies
from db.messages import NewInbound, Outbound
from db.replies import Conversation, NewReply
from schemas.enums import EffectState, MailMatch, MessageStatus
from schemas.errors import Busy
from schemas.events import MailMatched, ReplyClassified
from schemas.inbound import Inbound, parse
from schemas.jobs import ClassifyMail, MatchMail
from schemas.machines import certainly_machine
from schemas.mails import Accepted
from schemas.replies import CLASSIFIER, Verdict, classify
from workers.actor import actor
from workers.context import Context
from workers.matching import Match, match
from workers.retry import QUICK
from workers.suppressing import suppress

_HOLD = "A reply came that nobody has read yet."
_SOON = timedelta(seconds=1)
_LONGEST_BODY = 65_536


@actor(MatchMail, queue="replies", retry=QUICK, limit=timedelta(seconds=30), chunk=4)
def match_mail(job: MatchMail, ctx: Context) -> None:
    """Safe to run twice: a mail is put into its conversation, and holds it, once."""
    with ctx.transaction() as tx:
        mail = mails.get(tx, job.mail_id)
    inbound = parse(mail.raw)
    holds = not certainly_machine(inbound)
    with ctx.transaction() as tx:
        found = match(tx, mail, inbound)
        sending = bool(found.proves and _is_being_sent(tx, found.proves))
        if sending and holds and found.enrollment_id and mail.matched_by is None:
            enrollments.hold(tx, found.enrollment_id, _HOLD)
    if sending:
        raise Busy("The mail that this one names is just being sent.", retry_after=_SOON)
    with ctx.finish() as tx:
        found = match(tx, mail, inbound)
        if found.proves and found.proves.status is MessageStatus.SENDING:
            _prove(tx, found.proves, job)
        new = found.how is not MailMatch.OWN and _keep(tx, job, inbound, found)
        held = bool(new and holds and found.enrollment_id
                    and enrollments.hold(tx, found.enrollment_id, _HOLD))  # fmt: skip
        mails.set_match(tx, mail.id, found.how)
        ctx.emit(tx, MailMatched(mail_id=mail.id, match=found.how), key=str(mail.id))
    ctx.log.info("mail.matched", mail_id=str(mail.id), match=found.how, held=held,
                 enrollment_id=str(found.enrollment_id or ""))  # fmt: skip


@actor(ClassifyMail, queue="replies", retry=QUICK, limit=timedelta(seconds=30))
def classify_mail(job: ClassifyMail, ctx: Context) -> None:
    """Safe to run twice: the first reading of a mail stays, and suppresses once."""
    with ctx.transaction() as tx:
        mail = mails.get(tx, job.mail_id)
        conversation = replies.find_conversation(tx, mail.id) or Conversation(None, None, None)
    verdict = classify(parse(mail.raw))
    with ctx.finish() as tx:
        reply_id = replies.record(tx, _reply(job, conversation, verdict))
        if reply_id is None:
            return
        suppressed = suppress(tx, verdict, conversation)
        ctx.emit(
            tx,
            ReplyClassified(reply_id=reply_id, author=verdict.author, intent=verdict.intent),
            key=str(reply_id),
        )
    ctx.log.info("reply.classified", reply_id=str(reply_id), author=verdict.author,
                 intent=verdict.intent, abstain=verdict.abstain, suppressed=suppressed)  # fmt: skip


def _keep(tx: Tx, job: MatchMail, inbound: Inbound, found: Match) -> bool:
    """Put the mail into its conversation; False when it is there."""
    return messages.add_inbound(
        tx,
        NewInbound(
            mail_id=job.mail_id,
            enrollment_id=found.enrollment_id,
            lead_id=found.lead_id,
            mailbox_id=found.mailbox_id,
            rfc_message_id=inbound.message_id,
            in_reply_to=next(iter(inbound.in_reply_to), None),
            reference_ids=list(inbound.references),
            from_address=inbound.from_email,
            to_address=next(iter(inbound.to), None),
            subject=inbound.subject,
            body_text=inbound.text[:_LONGEST_BODY],
        ),
    )


def _is_being_sent(tx: Tx, sent: Outbound) -> bool:
    """Whether some worker may still write down how this very call ended."""
    if sent.status is not MessageStatus.SENDING:
        return False
    known = effects.get_locked(tx, sent.effect_key)
    return known.live and known.state is EffectState.INTENT


def _prove(tx: Tx, sent: Outbound, job: MatchMail) -> None:
    """A mail that somebody names was sent, whatever became of the worker that sent it. Idempotent."""
    known = effects.get_locked(tx, sent.effect_key)
    if known.state is EffectState.DONE or known.released:
        return
    answer = Accepted(answer=f"Mail {job.mail_id} names it.")
    effects.prove(tx, sent.effect_key, job_id=known.job_id, token=known.token, response=answer.to_json())  # fmt: skip
    messages.settle_sent(tx, sent.effect_key)
    claims.unpark(tx, effect_key=sent.effect_key)


def _reply(job: ClassifyMail, conversation: Conversation, verdict: Verdict) -> NewReply:
    return NewReply(
        mail_id=job.mail_id,
        enrollment_id=conversation.enrollment_id,
        lead_id=conversation.lead_id,
        author=verdict.author,
        intent=verdict.intent,
        sub=verdict.sub,
        verdict=verdict.to_json(),
        confidence=verdict.confidence,
        abstain=verdict.abstain,
        return_date=verdict.return_date,
        classifier=CLASSIFIER,
    )
