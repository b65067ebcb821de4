"""The life of a job as data: every way from one state to the next, its cause, and who goes it.

The drawing and the table of `docs/explanation/delivery.md` are made of this table, and
`tests/db/test_job_states.py` sees the database go each of these ways and no other.
"""

from dataclasses import dataclass

from schemas.enums import JobOutcome, JobState

Stage = JobState | JobOutcome

_DELAYED, _READY, _DISPATCHED = JobState.DELAYED, JobState.READY, JobState.DISPATCHED
_RUNNING, _PARKED = JobState.RUNNING, JobState.PARKED
_DONE, _DEAD, _CANCELLED = JobOutcome.DONE, JobOutcome.DEAD, JobOutcome.CANCELLED


@dataclass(frozen=True, slots=True)
class Move:
    """One way; `before` is None where a job begins. `cause` is a word or two, unique per way."""

    before: JobState | None
    after: Stage
    cause: str
    by: str
    writes: str


MOVES: tuple[Move, ...] = (
    Move(None, _READY, "enqueued", "producer", "the row, in the transaction that decided it"),
    Move(None, _DELAYED, "scheduled", "producer", "the row with its due time (business clock)"),
    Move(_DELAYED, _READY, "wait over", "dispatcher", "the state; a backoff's time is cleared"),
    Move(_DELAYED, _READY, "brought forward", "producer", "what a newer call under its key asks for"),
    Move(_READY, _DELAYED, "put off", "producer", "what a newer call under its key asks for, never past its latest time"),
    Move(_READY, _DISPATCHED, "picked", "dispatcher", "the ticket's lease; the turns of lane and tenant"),
    Move(_DISPATCHED, _READY, "ticket lost", "sweep", "the lease is cleared once it is over"),
    Move(_DISPATCHED, _READY, "Redis away", "dispatcher", "the lease is cleared at once"),
    Move(_DISPATCHED, _READY, "recalled", "operator, worker", "the lease; a pause or a block says why"),
    Move(_DISPATCHED, _RUNNING, "claimed", "worker", "attempt + 1, a new token, session, deadline"),
    Move(_RUNNING, _DONE, "completed", "worker", "the work itself, and a line in job_log"),
    Move(_RUNNING, _DELAYED, "backed off", "worker", "when to retry; the attempt stays counted"),
    Move(_RUNNING, _DELAYED, "stood aside", "worker", "when to go on; the attempt is refunded"),
    Move(_RUNNING, _DELAYED, "worker lost again", "sweep", "when to retry: later with each loss"),
    Move(_RUNNING, _READY, "worker lost", "sweep", "token and session are cleared"),
    Move(_RUNNING, _PARKED, "in doubt", "worker", "the effect that nobody knows the end of"),
    Move(_RUNNING, _DEAD, "gave up", "worker", "a dead letter, and a line in job_log"),
    Move(_RUNNING, _DEAD, "out of workers", "sweep", "a dead letter, and a line in job_log"),
    Move(_PARKED, _READY, "settled", "operator, worker", "the effect's end; the attempt is refunded"),
    Move(_DELAYED, _CANCELLED, "cancelled", "operator", "a line in job_log"),
    Move(_READY, _CANCELLED, "cancelled", "operator", "a line in job_log"),
    Move(_DISPATCHED, _CANCELLED, "cancelled", "operator", "a line in job_log"),
    Move(_RUNNING, _CANCELLED, "cancelled", "operator", "a line in job_log; its token is refused, its begun call is in doubt"),
    Move(_PARKED, _CANCELLED, "cancelled", "operator", "a line in job_log"),
)  # fmt: skip
"""A replayed dead letter is no way back: it is another job."""

ENDS: tuple[JobOutcome, ...] = (_DONE, _DEAD, _CANCELLED)


def allowed(before: JobState | None, after: Stage) -> bool:
    """Whether a job may go from one to the other, for whatever cause."""
    return any((move.before, move.after) == (before, after) for move in MOVES)
