"""What became of every mail, answer and sequence of a tenant, row by row, for whoever checks the books."""

from dataclasses import dataclass
from datetime import date, datetime

from db.pool import Tx
from schemas.enums import (
    EnrollmentStatus,
    LeadStatus,
    MessageStatus,
    ReplyAuthor,
    ReplyDecision,
    ReplyIntent,
    StopReason,
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail that was claimed to be sent."""

    to_address: str
    step_number: int
    status: MessageStatus
    rfc_message_id: str
    effect_key: str
    claimed_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", MessageStatus(self.status))


@dataclass(frozen=True, slots=True)
class Understood:
    """An answer, whose it is (None: nobody's we know), and what was decided."""

    email: str | None
    author: ReplyAuthor
    intent: ReplyIntent
    decision: ReplyDecision | None
    return_date: date | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "author", ReplyAuthor(self.author))
        object.__setattr__(self, "intent", ReplyIntent(self.intent))
        if self.decision is not None:
            object.__setattr__(self, "decision", ReplyDecision(self.decision))


@dataclass(frozen=True, slots=True)
class Ended:
    """A lead's sequence as it stands, and the lead."""

    email: str
    lead_status: LeadStatus
    status: EnrollmentStatus
    stop_reason: StopReason | None
    ended_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "lead_status", LeadStatus(self.lead_status))
        object.__setattr__(self, "status", EnrollmentStatus(self.status))
        if self.stop_reason is not None:
            object.__setattr__(self, "stop_reason", StopReason(self.stop_reason))


def list_outgoing(tx: Tx) -> list[Outgoing]:
    """Every mail of the tenant that was claimed, in the order of its claim."""
    return tx.list(
        Outgoing,
        """
        SELECT to_address, step_number, status, rfc_message_id, effect_key, claimed_at
          FROM outrider.messages WHERE direction = 'outbound' ORDER BY claimed_at, id
        """,
    )


def list_understood(tx: Tx) -> list[Understood]:
    """Every answer that was classified, by the lead's address."""
    return tx.list(
        Understood,
        """
        SELECT l.email, r.author, r.intent, r.decision, r.return_date
          FROM outrider.replies r LEFT JOIN outrider.leads l ON l.id = r.lead_id
         ORDER BY l.email, r.id
        """,
    )


def list_ended(tx: Tx) -> list[Ended]:
    """Every enrollment of the tenant with its lead, by the lead's address."""
    return tx.list(
        Ended,
        """
        SELECT l.email, l.status AS lead_status, e.status, e.stop_reason, e.ended_at
          FROM outrider.enrollments e JOIN outrider.leads l ON l.id = e.lead_id
         ORDER BY l.email, e.id
        """,
    )


def count_enrollments(tx: Tx) -> tuple[int, int]:
    """How many enrollments the tenant has, and how many of them have ended."""
    row = tx.conn.execute(
        """
        SELECT count(*), count(*) FILTER (WHERE status IN ('completed', 'stopped'))
          FROM outrider.enrollments
        """
    ).fetchone()
    assert row
    return int(str(row[0])), int(str(row[1]))
