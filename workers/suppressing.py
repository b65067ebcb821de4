"""Whom a mail takes off every list, at once. Refuses to suppress an address that we did not write to
for a report's sake: anybody can forge one.
"""

from collections.abc import Iterable
from uuid import UUID

from db import Tx, leads, replies, suppressions
from db.replies import Conversation
from schemas.enums import ReplyAuthor, ReplyIntent, SuppressionKind, SuppressionReason
from schemas.errors import NoSuchRow
from schemas.machines import HARMLESS_REPORTS
from schemas.replies import Verdict

_SOURCE = "reply"


def suppress(tx: Tx, verdict: Verdict, conversation: Conversation) -> int:
    """Never again to whoever this verdict concerns; how many addresses that is new for. Idempotent."""
    if verdict.author is ReplyAuthor.HUMAN and verdict.intent is ReplyIntent.UNSUBSCRIBE:
        reason = (
            SuppressionReason.LEGAL if verdict.sub == "legal" else SuppressionReason.UNSUBSCRIBE
        )
        return unsubscribe(tx, conversation, reason)
    if conversation.lead_id is None:
        return 0
    if verdict.author is ReplyAuthor.BOUNCE:
        return _add(tx, _bounced(tx, verdict, conversation), SuppressionReason.BOUNCE)
    if verdict.author is ReplyAuthor.COMPLAINT and verdict.sub not in HARMLESS_REPORTS:
        return _add(tx, _known(tx, conversation), SuppressionReason.COMPLAINT)
    return 0


def unsubscribe(
    tx: Tx, conversation: Conversation, reason: SuppressionReason = SuppressionReason.UNSUBSCRIBE
) -> int:
    """Suppress the lead, every address of the conversation, and the writer, known or not. Idempotent."""
    writer = [conversation.from_address] if conversation.from_address else []
    return _add(tx, [*_known(tx, conversation), *writer], reason)


def _bounced(tx: Tx, verdict: Verdict, conversation: Conversation) -> list[str]:
    """Those we wrote to that take no mail for good; a report that names nobody means them all."""
    bounce = verdict.bounce
    if bounce is None or bounce.kind != "hard" or conversation.enrollment_id is None:
        return []
    written_to = replies.list_written_to(tx, conversation.enrollment_id)
    named = [address for address in written_to if address.lower() in bounce.recipients]
    return named if bounce.recipients else written_to


def _known(tx: Tx, conversation: Conversation) -> list[str]:
    found = _written_to(tx, conversation.enrollment_id)
    if conversation.lead_id is None:
        return found
    try:
        lead = leads.get(tx, conversation.lead_id)
    except NoSuchRow:
        return found  # deleted meanwhile: the wish holds for the address all the same
    return [*found, lead.email] if lead.email else found


def _written_to(tx: Tx, enrollment_id: UUID | None) -> list[str]:
    return replies.list_written_to(tx, enrollment_id) if enrollment_id else []


def _add(tx: Tx, addresses: Iterable[str], reason: SuppressionReason) -> int:
    unique = sorted({address.lower() for address in addresses})
    return sum(
        suppressions.add(tx, SuppressionKind.EMAIL, address, reason, _SOURCE) for address in unique
    )
