"""Tables `sequences` and `sequence_steps`: what is said in which order. Unchanged once made."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class SequenceStep:
    """One mail of a sequence: templates, and the days since the mail before; no subject: same thread."""

    step_number: int
    delay_days: int
    subject: str | None
    body: str


def add(tx: Tx, name: str, steps: Sequence[SequenceStep]) -> UUID:
    """Make a sequence; the caller makes sure that the name is free."""
    sequence_id = UUID(
        str(
            tx.value(
                "INSERT INTO outrider.sequences (name) VALUES (%(name)s) RETURNING id",
                {"name": name},
            )
        )
    )
    for step in steps:
        tx.run(
            """
            INSERT INTO outrider.sequence_steps (sequence_id, step_number, delay_days, subject, body)
            VALUES (%(sequence)s, %(number)s, %(days)s, %(subject)s, %(body)s)
            """,
            {
                "sequence": sequence_id,
                "number": step.step_number,
                "days": step.delay_days,
                "subject": step.subject,
                "body": step.body,
            },
        )
    return sequence_id


def list_steps(tx: Tx, sequence_id: UUID) -> list[SequenceStep]:
    """The steps of a sequence, in order."""
    return tx.list(
        SequenceStep,
        """
        SELECT step_number, delay_days, subject, body
          FROM outrider.sequence_steps WHERE sequence_id = %(id)s ORDER BY step_number
        """,
        {"id": sequence_id},
    )
