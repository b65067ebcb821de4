"""Table `step_executions`: one step for one lead, when it is due and why, and what became of it.

A settled step stays settled, but for one case: a mail that was out when its step was cancelled
makes the step a sent one, for that is what happened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx
from schemas.enums import StepStatus
from schemas.errors import NoSuchRow


@dataclass(frozen=True, slots=True)
class Plan:
    """When a step is to be done, in which epoch, and why then."""

    enrollment_id: UUID
    step_number: int
    due_at: datetime
    epoch: int
    because: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A step that has a row."""

    id: UUID
    enrollment_id: UUID
    mailbox_id: UUID


@dataclass(frozen=True, slots=True)
class Step:
    """One step for one lead."""

    id: UUID
    enrollment_id: UUID
    step_number: int
    status: StepStatus
    due_at: datetime
    epoch: int
    because: str
    skip_reason: str | None
    sent_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", StepStatus(self.status))


_SELECT: LiteralString = """
        SELECT id, enrollment_id, step_number, status, due_at, epoch, because, skip_reason, sent_at
          FROM outrider.step_executions
"""


def plan(tx: Tx, plans: Sequence[Plan]) -> list[Planned]:
    """Make steps, or move those that wait; a step that is settled is left out of the answer."""
    if not plans:
        return []
    return tx.list(
        Planned,
        """
        INSERT INTO outrider.step_executions AS x (enrollment_id, step_number, due_at, epoch, because)
        SELECT enrollment_id, step_number, due_at, epoch, because
          FROM jsonb_to_recordset(%(plans)s) AS p (enrollment_id uuid, step_number integer,
               due_at timestamptz, epoch integer, because text)
            ON CONFLICT (enrollment_id, step_number) DO UPDATE
           SET due_at = excluded.due_at, epoch = excluded.epoch, because = excluded.because
         WHERE x.status = 'scheduled'
        RETURNING id, enrollment_id, (SELECT e.mailbox_id FROM outrider.enrollments e
                                       WHERE e.id = x.enrollment_id) AS mailbox_id
        """,
        {"plans": Jsonb([_record(one) for one in plans])},
    )


def _record(one: Plan) -> dict[str, object]:
    return {
        "enrollment_id": str(one.enrollment_id),
        "step_number": one.step_number,
        "due_at": one.due_at.isoformat(),
        "epoch": one.epoch,
        "because": one.because,
    }


def get(tx: Tx, step_id: UUID) -> Step:
    """A step as it stands. Raises NoSuchRow."""
    found = tx.find(Step, _SELECT + " WHERE id = %(id)s", {"id": step_id})
    if found is None:
        raise NoSuchRow("step", step_id)
    return found


def list_of_enrollment(tx: Tx, enrollment_id: UUID) -> list[Step]:
    """Every step that was ever planned for an enrollment, in order."""
    return tx.list(
        Step,
        _SELECT + " WHERE enrollment_id = %(id)s ORDER BY step_number",
        {"id": enrollment_id},
    )


def mark_sent(tx: Tx, step_id: UUID, *, message_id: UUID, sent_at: datetime) -> bool:
    """Its mail is out; False when that was known."""
    return bool(
        tx.run(
            """
            UPDATE outrider.step_executions
               SET status = 'sent', message_id = %(message)s, sent_at = %(at)s, skip_reason = NULL
             WHERE id = %(id)s AND status <> 'sent'
            """,
            {"id": step_id, "message": message_id, "at": sent_at},
        )
    )


def settle(tx: Tx, step_id: UUID, status: StepStatus, reason: str) -> bool:
    """End a step that waits as skipped or failed; False when it is settled."""
    return bool(
        tx.run(
            """
            UPDATE outrider.step_executions
               SET status = %(status)s::outrider.step_status, skip_reason = %(reason)s
             WHERE id = %(id)s AND status = 'scheduled'
            """,
            {"id": step_id, "status": status, "reason": reason},
        )
    )


def skip_waiting(tx: Tx, enrollment_id: UUID, reason: str) -> int:
    """Skip every step of an enrollment that still waits; returns how many."""
    return tx.run(
        """
        UPDATE outrider.step_executions SET status = 'skipped', skip_reason = %(reason)s
         WHERE enrollment_id = %(id)s AND status = 'scheduled'
        """,
        {"id": enrollment_id, "reason": reason},
    )


def cancel(tx: Tx, enrollment_id: UUID, reason: str) -> int:
    """Cancel every step of an enrollment that still waits; returns how many."""
    return tx.run(
        """
        UPDATE outrider.step_executions SET status = 'cancelled', skip_reason = %(reason)s
         WHERE enrollment_id = %(id)s AND status = 'scheduled'
        """,
        {"id": enrollment_id, "reason": reason},
    )
