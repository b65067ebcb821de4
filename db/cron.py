"""Schedules and their fires. One transaction per fire; a second scheduler finds the row locked."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cron line with its next fire, in business time."""

    name: str
    actor: str
    payload: dict[str, object]
    cron: str
    timezone: str
    is_active: bool
    next_at: datetime
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule whose time has come, locked for this transaction."""

    name: str
    actor: str
    payload: dict[str, object]
    cron: str
    timezone: str
    next_at: datetime
    now: datetime
    last_at: datetime | None


def put(
    tx: Tx,
    *,
    name: str,
    actor: str,
    payload: dict[str, object],
    cron: str,
    timezone: str,
    next_at: datetime,
) -> None:
    """Mirror a line of the code; a changed line starts from its own next fire. Idempotent."""
    tx.run(
        """
        INSERT INTO outrider.schedules AS s (name, actor, payload, cron, timezone, next_at)
        VALUES (%(name)s, %(actor)s, %(payload)s, %(cron)s, %(timezone)s, %(next)s)
        ON CONFLICT (name) DO UPDATE
           SET actor = excluded.actor, payload = excluded.payload, cron = excluded.cron,
               timezone = excluded.timezone, next_at = excluded.next_at, is_active = true
         WHERE (s.actor, s.payload, s.cron, s.timezone, s.is_active)
               IS DISTINCT FROM (excluded.actor, excluded.payload, excluded.cron, excluded.timezone, true)
        """,
        {
            "name": name,
            "actor": actor,
            "payload": Jsonb(payload),
            "cron": cron,
            "timezone": timezone,
            "next": next_at,
        },
    )


def retire_others(tx: Tx, names: list[str]) -> int:
    """Deactivate schedules that the code no longer has; returns how many."""
    return tx.run(
        "UPDATE outrider.schedules SET is_active = false WHERE is_active AND name <> ALL (%(names)s)",
        {"names": names},
    )


def lock_due(tx: Tx) -> Due | None:
    """The most overdue schedule that no other scheduler holds, or None."""
    return tx.find(
        Due,
        """
        SELECT s.name, s.actor, s.payload, s.cron, s.timezone, s.next_at, outrider.now() AS now,
               (SELECT max(f.fire_at) FROM outrider.cron_fires f WHERE f.name = s.name) AS last_at
          FROM outrider.schedules s
         WHERE s.is_active AND s.next_at <= outrider.now()
         ORDER BY s.next_at LIMIT 1 FOR UPDATE OF s SKIP LOCKED
        """,
    )


def get_locked(tx: Tx, name: str) -> Due | None:
    """One schedule by name, locked, whether due or not; None when there is none."""
    return tx.find(
        Due,
        """
        SELECT s.name, s.actor, s.payload, s.cron, s.timezone, s.next_at, outrider.now() AS now,
               (SELECT max(f.fire_at) FROM outrider.cron_fires f WHERE f.name = s.name) AS last_at
          FROM outrider.schedules s WHERE s.name = %(name)s FOR UPDATE OF s
        """,
        {"name": name},
    )


def record_fire(
    tx: Tx, *, name: str, fire_at: datetime, previous_at: datetime | None, missed: int
) -> int | None:
    """Fire once: the key and the job, or None when this fire already happened.

    `fire_at` is the scheduled moment, `missed` the fires between `previous_at` and it that are
    skipped on purpose. Returns the job's id.
    """
    job_id = tx.value(
        """
        WITH fired AS (
            INSERT INTO outrider.cron_fires (name, fire_at, previous_at, missed, job_id)
            VALUES (%(name)s, %(fire)s, %(previous)s, %(missed)s, nextval('outrider.job_ids'))
            ON CONFLICT (name, fire_at) DO NOTHING RETURNING name, job_id
        )
        INSERT INTO outrider.jobs (id, tenant_id, actor, payload, max_attempts)
        SELECT f.job_id, NULL, s.actor, s.payload, 8
          FROM fired f JOIN outrider.schedules s USING (name)
        RETURNING id
        """,
        {"name": name, "fire": fire_at, "previous": previous_at, "missed": missed},
    )
    return None if job_id is None else int(str(job_id))


def advance(tx: Tx, name: str, *, next_at: datetime) -> None:
    """Set the next fire of a schedule that this transaction has locked."""
    tx.run(
        "UPDATE outrider.schedules SET next_at = %(next)s WHERE name = %(name)s",
        {"name": name, "next": next_at},
    )


def list_schedules(tx: Tx) -> list[Schedule]:
    """Every schedule with its last and next fire, by name."""
    return tx.list(
        Schedule,
        """
        SELECT s.name, s.actor, s.payload, s.cron, s.timezone, s.is_active, s.next_at,
               (SELECT max(f.fire_at) FROM outrider.cron_fires f WHERE f.name = s.name) AS last_at
          FROM outrider.schedules s ORDER BY s.name
        """,
    )
