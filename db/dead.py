"""Dead letters: give up on a job, look at it, send it round again. Refuses to replay twice."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.claims import LeaseLost
from db.pool import Tx
from schemas.errors import NoSuchRow


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that gave up, whole."""

    id: int
    tenant_id: UUID | None
    job_id: int
    actor: str
    payload: dict[str, object]
    version: int
    max_attempts: int
    attempts: int
    error_class: str
    error_message: str
    fingerprint: str
    effect_keys: list[str]
    trace_id: str | None
    status: str
    replay_job_id: int | None
    died_at: datetime


def bury(
    tx: Tx, job_id: int, token: int, *, error_class: str, message: str, fingerprint: str
) -> int:
    """Move a running job to the dead letters and return the letter's id. Raises LeaseLost."""
    letter = tx.value(
        "SELECT outrider.bury(%(id)s, %(token)s, %(class)s, %(message)s, %(print)s)",
        {
            "id": job_id,
            "token": token,
            "class": error_class,
            "message": message,
            "print": fingerprint,
        },
    )
    if letter is None:
        raise LeaseLost(job_id)
    return int(str(letter))


def get(tx: Tx, letter_id: int) -> DeadLetter:
    """One dead letter. Raises NoSuchRow."""
    letter = tx.find(
        DeadLetter,
        """
        SELECT id, tenant_id, job_id, actor, payload, version, max_attempts, attempts, error_class,
               error_message, fingerprint, effect_keys, trace_id, status, replay_job_id, died_at
          FROM outrider.dead_letters WHERE id = %(id)s
        """,
        {"id": letter_id},
    )
    if letter is None:
        raise NoSuchRow("dead letter", letter_id)
    return letter


def list_letters(
    tx: Tx, *, tenant_id: UUID | None, actor: str | None, status: str | None, limit: int
) -> list[DeadLetter]:
    """Dead letters, newest first; a None filter matches everything."""
    return tx.list(
        DeadLetter,
        """
        SELECT id, tenant_id, job_id, actor, payload, version, max_attempts, attempts, error_class,
               error_message, fingerprint, effect_keys, trace_id, status, replay_job_id, died_at
          FROM outrider.dead_letters
         WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
           AND (%(actor)s::text IS NULL OR actor = %(actor)s)
           AND (%(status)s::text IS NULL OR status = %(status)s)
         ORDER BY id DESC LIMIT %(limit)s
        """,
        {"tenant": tenant_id, "actor": actor, "status": status, "limit": limit},
    )


def mark_replayed(tx: Tx, letter_id: int, *, job_id: int) -> bool:
    """Tie a letter to the job that replays it; False when it was replayed before."""
    return bool(
        tx.run(
            """
            UPDATE outrider.dead_letters SET status = 'replayed', replay_job_id = %(job)s
             WHERE id = %(id)s AND status = 'open'
            """,
            {"id": letter_id, "job": job_id},
        )
    )


def count_open(tx: Tx) -> int:
    """Dead letters that nobody has dealt with."""
    return int(str(tx.value("SELECT count(*) FROM outrider.dead_letters WHERE status = 'open'")))
