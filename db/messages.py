"""Table `messages`: every mail that was claimed to be sent, and every one that came in."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import LiteralString
from uuid import UUID

from db.pool import Tx
from schemas.enums import MessageDirection, MessageStatus

_MEMORY = timedelta(days=90)
"""How long after our last mail a mail without any reference still counts as its answer."""


@dataclass(frozen=True, slots=True)
class NewOutbound:
    """A mail that is about to be handed to a server; the texts are those that go out."""

    enrollment_id: UUID
    lead_id: UUID
    mailbox_id: UUID
    step_number: int
    epoch: int
    effect_key: str
    day: date
    rfc_message_id: str
    in_reply_to: str | None
    reference_ids: list[str]
    from_address: str
    to_address: str
    subject: str
    body_text: str


@dataclass(frozen=True, slots=True)
class NewInbound:
    """A mail that came in, as far as it was understood; `mail_id` is its raw bytes' row."""

    mail_id: UUID
    enrollment_id: UUID | None
    lead_id: UUID | None
    mailbox_id: UUID | None
    rfc_message_id: str | None
    in_reply_to: str | None
    reference_ids: list[str]
    from_address: str | None
    to_address: str | None
    subject: str | None
    body_text: str | None


@dataclass(frozen=True, slots=True)
class Outbound:
    """A mail of ours; what it was about is null once that was deleted."""

    id: UUID
    enrollment_id: UUID | None
    lead_id: UUID | None
    mailbox_id: UUID | None
    step_number: int
    epoch: int
    effect_key: str
    status: MessageStatus
    day: date
    rfc_message_id: str
    to_address: str
    subject: str | None
    claimed_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", MessageStatus(self.status))


@dataclass(frozen=True, slots=True)
class Message:
    """One line of a conversation."""

    id: UUID
    direction: MessageDirection
    status: MessageStatus
    step_number: int | None
    from_address: str | None
    to_address: str | None
    subject: str | None
    body_text: str | None
    rfc_message_id: str | None
    claimed_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "direction", MessageDirection(self.direction))
        object.__setattr__(self, "status", MessageStatus(self.status))


_OUTBOUND: LiteralString = """
        SELECT id, enrollment_id, lead_id, mailbox_id, step_number, epoch, effect_key, status, day,
               rfc_message_id, to_address, subject, claimed_at
          FROM outrider.messages
         WHERE direction = 'outbound'
"""


def claim_outbound(tx: Tx, new: NewOutbound) -> None:
    """Write down a mail before it is sent, or once more one that certainly was not sent.

    Raises LookupError when the mail of this effect is out, or may be: a bug of the caller.
    """
    claimed = tx.value(
        """
        INSERT INTO outrider.messages AS m (
               direction, status, enrollment_id, lead_id, mailbox_id, step_number, epoch, effect_key,
               day, rfc_message_id, in_reply_to, reference_ids, from_address, to_address, subject,
               body_text)
        VALUES ('outbound', 'sending', %(enrollment_id)s, %(lead_id)s, %(mailbox_id)s,
                %(step_number)s, %(epoch)s, %(effect_key)s, %(day)s, %(rfc_message_id)s,
                %(in_reply_to)s, %(reference_ids)s::text[], %(from_address)s, %(to_address)s,
                %(subject)s, %(body_text)s)
            ON CONFLICT (tenant_id, effect_key) WHERE effect_key IS NOT NULL DO UPDATE
           SET status = 'sending', epoch = excluded.epoch, day = excluded.day,
               mailbox_id = excluded.mailbox_id, rfc_message_id = excluded.rfc_message_id,
               in_reply_to = excluded.in_reply_to, reference_ids = excluded.reference_ids,
               from_address = excluded.from_address, to_address = excluded.to_address,
               subject = excluded.subject, body_text = excluded.body_text, failed_reason = NULL,
               claimed_at = outrider.now(), settled_at = NULL
         WHERE m.status = 'failed'
        RETURNING id
        """,
        asdict(new),
    )
    if claimed is None:
        raise LookupError(f"The mail of {new.effect_key} is out, or may be.")


def settle_sent(tx: Tx, effect_key: str) -> bool:
    """A server took the mail, or evidence shows it; False when that was known. Idempotent."""
    return bool(
        tx.run(
            """
            UPDATE outrider.messages SET status = 'sent', settled_at = outrider.now()
             WHERE effect_key = %(key)s AND status = 'sending'
            """,
            {"key": effect_key},
        )
    )


def fail(tx: Tx, effect_key: str, reason: str) -> Outbound | None:
    """The mail certainly did not go out; the mail, or None when it was not on its way."""
    failed = tx.run(
        """
        UPDATE outrider.messages
           SET status = 'failed', failed_reason = %(reason)s, settled_at = outrider.now()
         WHERE effect_key = %(key)s AND status = 'sending'
        """,
        {"key": effect_key, "reason": reason},
    )
    return find_by_effect(tx, effect_key) if failed else None


def find_by_effect(tx: Tx, effect_key: str) -> Outbound | None:
    """The mail of an effect, or None when none was ever claimed."""
    return tx.find(Outbound, _OUTBOUND + " AND effect_key = %(key)s", {"key": effect_key})


def find_by_rfc_id(tx: Tx, ids: Sequence[str]) -> Outbound | None:
    """The newest mail of ours that has one of these Message-IDs (with their angle brackets)."""
    return tx.find(
        Outbound,
        _OUTBOUND + " AND rfc_message_id = ANY(%(ids)s) ORDER BY created_at DESC LIMIT 1",
        {"ids": list(ids)},
    )


def find_last_outbound_to(tx: Tx, address: str, mailbox_id: UUID) -> Outbound | None:
    """The newest mail of the last 90 days from this mailbox to this address, whatever its case."""
    return tx.find(
        Outbound,
        _OUTBOUND
        + """ AND mailbox_id = %(mailbox)s AND status IN ('sending', 'sent')
               AND to_hash = outrider.suppression_hash('email', %(address)s)
               AND claimed_at > outrider.now() - %(memory)s
             ORDER BY created_at DESC LIMIT 1""",
        {"address": address, "mailbox": mailbox_id, "memory": _MEMORY},
    )


def list_sent(tx: Tx, enrollment_id: UUID) -> list[Outbound]:
    """The mails of an enrollment that are out, in the order of their steps."""
    return tx.list(
        Outbound,
        _OUTBOUND + " AND enrollment_id = %(id)s AND status = 'sent' ORDER BY step_number, resend",
        {"id": enrollment_id},
    )


def add_inbound(tx: Tx, new: NewInbound) -> bool:
    """Put a mail that came in into its conversation; False when it is there already."""
    return bool(
        tx.run(
            """
            INSERT INTO outrider.messages (
                   direction, status, mail_id, enrollment_id, lead_id, mailbox_id, rfc_message_id,
                   in_reply_to, reference_ids, from_address, to_address, subject, body_text)
            VALUES ('inbound', 'received', %(mail_id)s, %(enrollment_id)s, %(lead_id)s,
                    %(mailbox_id)s, %(rfc_message_id)s, %(in_reply_to)s, %(reference_ids)s::text[],
                    %(from_address)s, %(to_address)s, %(subject)s, %(body_text)s)
                ON CONFLICT (mail_id) WHERE mail_id IS NOT NULL DO NOTHING
            """,
            asdict(new),
        )
    )


def list_of_lead(tx: Tx, lead_id: UUID) -> list[Message]:
    """Everything between us and a lead, both directions, in the order it happened."""
    return tx.list(
        Message,
        """
        SELECT id, direction, status, step_number, from_address, to_address, subject, body_text,
               rfc_message_id, claimed_at
          FROM outrider.messages WHERE lead_id = %(lead)s ORDER BY created_at, id
        """,
        {"lead": lead_id},
    )
