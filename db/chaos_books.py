"""What the judge of a chaos run reads in the engine's own tables. Never used by the fleet."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Line:
    """A finished job, as its log says."""

    job_id: int
    tenant_id: UUID | None
    actor: str
    outcome: str
    attempt: int
    waited: float
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class Left:
    """An unfinished job."""

    id: int
    actor: str
    state: str
    attempt: int
    max_attempts: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Deed:
    """What a job wrote in its closing transaction."""

    job_id: int
    kind: str
    number: int
    child: int | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter."""

    id: int
    job_id: int
    actor: str
    attempts: int
    max_attempts: int
    error_class: str
    replay_job_id: int | None


@dataclass(frozen=True, slots=True)
class Fire:
    """One fire of the toy schedule."""

    fire_at: datetime
    missed: int
    job_id: int


def list_lines(tx: Tx) -> list[Line]:
    """Every finished job, as often as the log has it."""
    return tx.list(
        Line,
        """
        SELECT job_id, tenant_id, actor, outcome::text, attempt,
               coalesce(extract(epoch FROM started_at - enqueued_at), 0)::float8 AS waited, started_at
          FROM outrider.job_log ORDER BY job_id
        """,
    )


def list_left(tx: Tx) -> list[Left]:
    """Every unfinished job."""
    return tx.list(
        Left,
        """
        SELECT id, actor, state::text, attempt, max_attempts, last_error AS error
          FROM outrider.jobs ORDER BY id
        """,
    )


def list_deeds(tx: Tx) -> list[Deed]:
    """What jobs did, in the order they did it."""
    return tx.list(Deed, "SELECT job_id, kind, number, child FROM chaos.deeds ORDER BY at")


def list_letters(tx: Tx) -> list[Letter]:
    """Every dead letter, oldest first."""
    return tx.list(
        Letter,
        """
        SELECT id, job_id, actor, attempts, max_attempts, error_class, replay_job_id
          FROM outrider.dead_letters ORDER BY id
        """,
    )


def list_fires(tx: Tx, name: str) -> list[Fire]:
    """Every fire of a schedule, in order."""
    return tx.list(
        Fire,
        """
        SELECT fire_at, missed, job_id FROM outrider.cron_fires WHERE name = %(name)s
         ORDER BY fire_at
        """,
        {"name": name},
    )


@dataclass(frozen=True, slots=True)
class Sample:
    """The state of the fleet at one moment."""

    jobs: int
    capped: int
    """The most in flight in any capped lane."""
    per_key: int
    """The most live jobs under one key of theirs."""
    overdue: float
    """Seconds that the oldest ticket is past its lease; 0: none."""


def sample(tx: Tx, *, capped: str, single: str) -> Sample:
    """Look at lanes, keys and tickets at once."""
    return tx.one(
        Sample,
        """
        WITH j AS MATERIALIZED (
            SELECT actor, lane_id, tenant_id, state, lease_until, payload ->> 'key' AS key
              FROM outrider.jobs
        )
        SELECT (SELECT count(*) FROM j) AS jobs,
               coalesce((SELECT max(n) FROM (SELECT count(*) AS n FROM j
                          WHERE actor = %(capped)s AND state IN ('dispatched', 'running')
                          GROUP BY lane_id) l), 0) AS capped,
               coalesce((SELECT max(n) FROM (SELECT count(*) AS n FROM j WHERE actor = %(single)s
                          GROUP BY tenant_id, key) k), 0) AS per_key,
               coalesce((SELECT max(extract(epoch FROM clock_timestamp() - lease_until)) FROM j
                          WHERE state = 'dispatched'
                            AND lease_until < clock_timestamp()), 0)::float8 AS overdue
        """,
        {"capped": capped, "single": single},
    )


@dataclass(frozen=True, slots=True)
class Open:
    """How much is left to do."""

    waiting: int
    parked: int


def count_left(tx: Tx, *, but: str) -> Open:
    """Unfinished jobs, without those of the actor `but`."""
    return tx.one(
        Open,
        """
        SELECT count(*) FILTER (WHERE state <> 'parked') AS waiting,
               count(*) FILTER (WHERE state = 'parked') AS parked
          FROM outrider.jobs WHERE actor <> %(but)s
        """,
        {"but": but},
    )


def size_of_jobs(tx: Tx) -> int:
    """Bytes of the hot table with its indexes."""
    return int(str(tx.value("SELECT pg_total_relation_size('outrider.jobs')")))


def moment(tx: Tx) -> datetime:
    """The database's real clock."""
    now = tx.value("SELECT clock_timestamp()")
    assert isinstance(now, datetime)
    return now
