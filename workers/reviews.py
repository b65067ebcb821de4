"""A person reads a mail and says what it is; that counts from then on. Refuses an unknown reply."""

from uuid import UUID, uuid4

from db import Database, audit, replies, suggestions
from db.replies import Conversation, Reply
from pipelines.engine import emit
from schemas.enums import ReplyAuthor, ReplyIntent
from schemas.events import ReplyAwaitsReview, ReplyClassified
from workers.suppressing import unsubscribe

_MACHINES = {ReplyIntent.OUT_OF_OFFICE: ReplyAuthor.OUT_OF_OFFICE, ReplyIntent.AUTO_REPLY: ReplyAuthor.AUTO_REPLY,
             ReplyIntent.BOUNCE: ReplyAuthor.BOUNCE}  # fmt: skip


def review(
    database: Database,
    tenant_id: UUID,
    reply_id: UUID,
    intent: ReplyIntent,
    *,
    operator: str,
    reason: str | None,
) -> Reply:
    """Put a person's reading in place of the rules', and let it be acted on; the reply as it now is.

    Audited. Suppresses at once when it is a wish to be left alone. Raises NoSuchRow.
    """
    with database.tenant(tenant_id) as tx:
        before = replies.get_locked(tx, reply_id)
        author = _MACHINES.get(intent, ReplyAuthor.HUMAN)
        replies.review(tx, reply_id, intent, author, operator)
        if intent is ReplyIntent.UNSUBSCRIBE:
            known = replies.find_conversation(tx, before.mail_id)
            unsubscribe(tx, known or Conversation(before.enrollment_id, before.lead_id, None))
        emit(
            tx,
            ReplyClassified(reply_id=reply_id, author=author, intent=intent),
            key=f"{reply_id}:{uuid4()}",
        )
        details = {"from": before.intent, "to": intent}
        audit.record(tx, operator=operator, action="review", resource_type="reply",
                     resource_id=str(reply_id), reason=reason, details=details)  # fmt: skip
        return replies.get_locked(tx, reply_id)


def ask_for_suggestions(database: Database, tenant_id: UUID, *, limit: int) -> int:
    """Queue a question to the tenant's model for each reply that waits without a suggestion; how many."""
    with database.tenant(tenant_id) as tx:
        waiting = [reply.id for reply in replies.list_for_review(tx, tenant_id, limit=limit)]
        known = suggestions.list_of(tx, waiting)
        bare = [reply_id for reply_id in waiting if reply_id not in known]
        for reply_id in bare:
            emit(tx, ReplyAwaitsReview(reply_id=reply_id, model=True), key=f"{reply_id}:{uuid4()}")
    return len(bare)
