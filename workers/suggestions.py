"""Asks a language model what a reply may be, for the person who decides.

It decides nothing: no sequence moves, nobody is suppressed, no mail is sent by what a model says.
"""

import json
from datetime import timedelta

from db import Tx, mails, replies, suggestions
from db.lanes import LaneRule
from db.replies import Reply
from schemas.base import Value
from schemas.enums import AiRunStatus, ReplyDecision
from schemas.inbound import Inbound, parse
from schemas.jobs import SuggestReply
from schemas.suggestions import Suggestion
from telemetry.redaction import scrub_text
from workers import models
from workers.actor import actor
from workers.context import Context
from workers.retry import PATIENT

_PROMPT = "reply.suggest"
_LONGEST = 8_000
"""Characters of a mail that a model reads; who says more has said it by then."""


@actor(
    SuggestReply,
    queue="models",
    retry=PATIENT,
    limit=timedelta(minutes=3),
    rule=LaneRule(max_running=2, opens_after=5),
)
def suggest_reply(job: SuggestReply, ctx: Context) -> None:
    """Safe to run twice: one answer per reply, and the first suggestion stays."""
    with ctx.transaction() as tx:
        reply = replies.get(tx, job.reply_id)
        run = None
        if _waits(reply):
            run = models.begin(ctx, tx, _PROMPT, subject_type="reply", subject_id=reply.id)
        raw = mails.get(tx, reply.mail_id).raw if run else b""
    if run is None:
        ctx.log.info("reply.not_suggested", reply_id=str(reply.id), waits=_waits(reply))
        return

    def keep(tx: Tx, status: AiRunStatus, value: Value | None) -> None:
        found = value if isinstance(value, Suggestion) else None
        suggestions.record(
            tx, reply.id, status, prompt_version_id=run.version.id, model=run.model,
            intent=found.intent if found else None, why=found.why if found else None,
        )  # fmt: skip

    facts = {"mail": _document(parse(raw)), "guess": reply.intent.value}
    status = models.ask(ctx, run, facts, keep)
    with ctx.finish() as tx:
        models.end(tx, run)
    ctx.log.info("reply.suggested", reply_id=str(reply.id), status=status, prompt=run.version.name)


def _waits(reply: Reply) -> bool:
    return reply.decision is ReplyDecision.REVIEW and reply.reviewed_by is None


def _document(mail: Inbound) -> str:
    """The mail as data that cannot end early: a JSON document on one line, its addresses masked."""
    said = {"subject": scrub_text(mail.subject[:300]), "text": scrub_text(mail.text[:_LONGEST])}
    return json.dumps(said, ensure_ascii=False).replace("<", "\\u003c")
