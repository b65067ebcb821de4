"""The lives of an enrollment, of its steps and of their mails, as data; what is not listed is refused.

The database keeps to the same tables (`outrider.enrollment_may_move` and its like); a test holds
them equal.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from schemas.enums import EnrollmentStatus as E
from schemas.enums import MessageStatus as M
from schemas.enums import StepStatus as S

Status = TypeVar("Status", E, S, M)


@dataclass(frozen=True, slots=True)
class Move(Generic[Status]):
    """One way, whose business it is, and what has to be so."""

    before: Status
    after: Status
    by: str
    because: str


ENROLLMENT: tuple[Move[E], ...] = (
    Move(E.ACTIVE, E.HELD, "reply, sequencing", "a mail came in, or a step could not be written"),
    Move(E.ACTIVE, E.PAUSED, "reply", "away until a day"),
    Move(E.ACTIVE, E.COMPLETED, "sequencing", "every step is done"),
    Move(E.ACTIVE, E.STOPPED, "anybody", "the conversation is over, and why is written"),
    Move(E.HELD, E.ACTIVE, "reply, operator", "the mail changes nothing"),
    Move(E.HELD, E.PAUSED, "reply", "away until a day"),
    Move(E.HELD, E.STOPPED, "anybody", "the conversation is over, and why is written"),
    Move(E.PAUSED, E.ACTIVE, "sequencing", "the day has come"),
    Move(E.PAUSED, E.HELD, "reply", "a mail came in"),
    Move(E.PAUSED, E.STOPPED, "anybody", "the conversation is over, and why is written"),
    Move(E.COMPLETED, E.STOPPED, "reply", "an answer came after the last step"),
)
"""Each adds one to the epoch, and so does a pause that is moved to another day."""

STEP: tuple[Move[S], ...] = (
    Move(S.SCHEDULED, S.SENT, "sequencing", "its mail is out"),
    Move(S.SCHEDULED, S.SKIPPED, "sequencing, operator", "the gate let nothing through"),
    Move(S.SCHEDULED, S.FAILED, "sequencing", "it could not be written, or was refused"),
    Move(S.SCHEDULED, S.CANCELLED, "anybody", "the enrollment was stopped"),
    Move(S.SKIPPED, S.SENT, "sequencing", "its mail was out already"),
    Move(S.FAILED, S.SENT, "sequencing", "its mail was out already"),
    Move(S.CANCELLED, S.SENT, "sequencing", "its mail was out already"),
)

MESSAGE: tuple[Move[M], ...] = (
    Move(M.SENDING, M.SENT, "sequencing", "a server took it, or evidence shows it"),
    Move(M.SENDING, M.FAILED, "sequencing, operator", "it certainly did not go out"),
    Move(M.FAILED, M.SENDING, "sequencing", "claimed once more"),
)
