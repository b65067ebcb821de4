"""Dead letters: give up on a job, and look at what gave up. Their ends are `db/dead_ends.py`."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from db.claims import LeaseLost
from db.pool import Tx
from schemas.enums import EffectState
from schemas.errors import NoSuchRow


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that gave up, whole; `status` is open, replayed or discarded."""

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
    batch_id: UUID | None
    closed_at: datetime | None
    closed_by: str | None


@dataclass(frozen=True, slots=True)
class Which:
    """Which letters are meant: those that fit everything that is set here; `until` is not included."""

    ids: list[int] | None = None
    tenant_id: UUID | None = None
    actor: str | None = None
    fingerprint: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    status: str | None = None
    batch_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Letters that died of the same bug, and the newest's message."""

    fingerprint: str
    letters: int
    actors: list[str]
    tenants: int
    error_class: str
    example: str
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a letter's job made, as the ledger knows it now."""

    key: str
    state: EffectState
    calls: int
    reason: str | None
    intent_at: datetime
    settled_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", EffectState(self.state))


LETTER: LiteralString = """
        SELECT id, tenant_id, job_id, actor, payload, version, max_attempts, attempts, error_class,
               error_message, fingerprint, effect_keys, trace_id, status, replay_job_id, died_at,
               batch_id, closed_at, closed_by
          FROM outrider.dead_letters
"""
"""Whole letters."""

_GROUP: LiteralString = """
        SELECT fingerprint, count(*) AS letters, array_agg(DISTINCT actor) AS actors,
               count(DISTINCT coalesce(tenant_id::text, '')) AS tenants,
               (array_agg(error_class ORDER BY id DESC))[1] AS error_class,
               (array_agg(error_message ORDER BY id DESC))[1] AS example,
               min(died_at) AS first_at, max(died_at) AS last_at
          FROM outrider.dead_letters
"""

MEANT: LiteralString = """
         WHERE (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[]))
           AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
           AND (%(actor)s::text IS NULL OR actor = %(actor)s)
           AND (%(fingerprint)s::text IS NULL OR fingerprint = %(fingerprint)s)
           AND (%(since)s::timestamptz IS NULL OR died_at >= %(since)s)
           AND (%(until)s::timestamptz IS NULL OR died_at < %(until)s)
           AND (%(status)s::text IS NULL OR status = %(status)s)
           AND (%(batch_id)s::uuid IS NULL OR batch_id = %(batch_id)s)
"""
"""The condition that `asdict(Which)` fills in."""


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
    letter = tx.find(DeadLetter, LETTER + "WHERE id = %(id)s", {"id": letter_id})
    if letter is None:
        raise NoSuchRow("dead letter", letter_id)
    return letter


def find_of_job(tx: Tx, job_id: int) -> DeadLetter | None:
    """The letter of a job that gave up, or None when it did not."""
    return tx.find(DeadLetter, LETTER + "WHERE job_id = %(id)s", {"id": job_id})


def list_letters(tx: Tx, which: Which, *, limit: int) -> list[DeadLetter]:
    """Dead letters, newest first."""
    return tx.list(
        DeadLetter,
        LETTER + MEANT + " ORDER BY id DESC LIMIT %(limit)s",
        {**asdict(which), "limit": limit},
    )


def list_groups(tx: Tx, which: Which, *, limit: int) -> list[Group]:
    """Dead letters by fingerprint, the most numerous first."""
    return tx.list(
        Group,
        _GROUP
        + MEANT
        + " GROUP BY fingerprint ORDER BY letters DESC, last_at DESC LIMIT %(limit)s",
        {**asdict(which), "limit": limit},
    )


def list_calls(tx: Tx, letter: DeadLetter) -> list[Call]:
    """The calls of a letter's job, by key, as they stand now; others may have finished them since."""
    return tx.list(
        Call,
        """
        SELECT key, state, calls, reason, intent_at, settled_at FROM outrider.effects
         WHERE tenant_id = %(tenant)s
           AND (key = ANY(%(keys)s::text[]) OR job_id = %(job)s) ORDER BY key
        """,
        {"tenant": letter.tenant_id, "keys": letter.effect_keys, "job": letter.job_id},
    )


def count_open(tx: Tx) -> int:
    """Dead letters that nobody has dealt with."""
    return int(str(tx.value("SELECT count(*) FROM outrider.dead_letters WHERE status = 'open'")))


def moment_ago(tx: Tx, span: timedelta) -> datetime:
    """So long before now, by the clock that letters are dated by."""
    moment = tx.value("SELECT clock_timestamp() - %(span)s", {"span": span})
    assert isinstance(moment, datetime)
    return moment
