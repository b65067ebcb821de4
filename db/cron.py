"""Schedules and their fires. One transaction per fire; a second scheduler finds the row locked."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg.types.json import Jsonb

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule, locked for this transaction, and business time now. `missed`: since the last fire."""

    name: str
    actor: str
    cron: str
    timezone: str
    catch_up: int
    missed: int
    next_at: datetime
    now: datetime
    last_at: datetime | None


_PUT: LiteralString = """
        INSERT INTO outrider.schedules AS s
               (name, actor, payload, cron, timezone, catch_up, priority, revision, next_at)
        VALUES (%(name)s, %(actor)s, %(payload)s, %(cron)s, %(timezone)s, %(catch_up)s, %(priority)s,
                %(revision)s, %(next)s)
        ON CONFLICT (name) DO UPDATE
           SET actor = excluded.actor, payload = excluded.payload, cron = excluded.cron,
               timezone = excluded.timezone, catch_up = excluded.catch_up,
               priority = excluded.priority, revision = excluded.revision, is_active = true,
               next_at = CASE WHEN (s.cron, s.timezone, s.is_active)
                                   = (excluded.cron, excluded.timezone, true)
                              THEN s.next_at ELSE excluded.next_at END
         WHERE s.revision < excluded.revision
            OR (s.revision = excluded.revision
                AND (s.actor, s.payload, s.cron, s.timezone, s.catch_up, s.priority, s.is_active)
                    IS DISTINCT FROM (excluded.actor, excluded.payload, excluded.cron,
                                      excluded.timezone, excluded.catch_up, excluded.priority, true))
        """


def put(
    tx: Tx,
    *,
    name: str,
    actor: str,
    payload: dict[str, object],
    cron: str,
    timezone: str,
    next_at: datetime,
    catch_up: int = 1,
    priority: int = 4,
    revision: int = 0,
) -> None:
    """Mirror a line of the code; a line at other times starts from its own next fire. Idempotent.

    A row that a newer revision of the code wrote stays as it is.
    """
    tx.run(
        _PUT,
        {
            "name": name,
            "actor": actor,
            "payload": Jsonb(payload),
            "cron": cron,
            "timezone": timezone,
            "catch_up": catch_up,
            "priority": priority,
            "revision": revision,
            "next": next_at,
        },
    )


def retire_others(tx: Tx, names: list[str], *, revision: int) -> None:
    """Deactivate schedules that the code of this revision, or of a newer one, does not have."""
    tx.run(
        """
        UPDATE outrider.schedules SET is_active = false, revision = %(revision)s
         WHERE name <> ALL (%(names)s)
           AND (revision < %(revision)s OR (revision = %(revision)s AND is_active))
        """,
        {"names": names, "revision": revision},
    )


def lock_due(tx: Tx) -> Due | None:
    """The most overdue schedule that is not paused and that no other scheduler holds, or None."""
    name = tx.value(
        """
        SELECT s.name FROM outrider.schedules s
         WHERE s.is_active AND s.paused_at IS NULL AND s.next_at <= outrider.now()
         ORDER BY s.next_at LIMIT 1 FOR UPDATE SKIP LOCKED
        """
    )
    return None if name is None else get_locked(tx, str(name))


def get_locked(tx: Tx, name: str) -> Due | None:
    """One schedule by name, locked, whether due or not; None when there is none."""
    if tx.value(
        "SELECT 1 FROM outrider.schedules WHERE name = %(name)s FOR UPDATE", {"name": name}
    ):
        # A statement of its own: one that locks may see the row of now beside fires of before.
        return tx.one(
            Due,
            """
            SELECT s.name, s.actor, s.cron, s.timezone, s.catch_up, s.missed, s.next_at,
                   outrider.now() AS now,
                   (SELECT max(f.fire_at) FROM outrider.cron_fires f WHERE f.name = s.name) AS last_at
              FROM outrider.schedules s WHERE s.name = %(name)s
            """,
            {"name": name},
        )
    return None


def record_fire(
    tx: Tx, *, name: str, fire_at: datetime, previous_at: datetime | None, missed: int
) -> int | None:
    """Fire once: the key and the job, or None when this fire already happened.

    `fire_at` is the scheduled moment and the job's `due_at`, `missed` the moments between
    `previous_at` and it that are skipped for good. Returns the job's id.
    """
    job_id = tx.value(
        """
        WITH fired AS (
            INSERT INTO outrider.cron_fires (name, fire_at, previous_at, missed, job_id)
            VALUES (%(name)s, %(fire)s, %(previous)s, %(missed)s, nextval('outrider.job_ids'))
            ON CONFLICT (name, fire_at) DO NOTHING RETURNING name, fire_at, job_id
        )
        INSERT INTO outrider.jobs (id, tenant_id, actor, payload, max_attempts, priority, due_at)
        SELECT f.job_id, NULL, s.actor, s.payload, 8, s.priority, f.fire_at
          FROM fired f JOIN outrider.schedules s USING (name)
        RETURNING id
        """,
        {"name": name, "fire": fire_at, "previous": previous_at, "missed": missed},
    )
    return None if job_id is None else int(str(job_id))


def advance(tx: Tx, name: str, *, next_at: datetime, missed: int = 0) -> None:
    """Set the next fire of a schedule that this transaction has locked, and what it missed since."""
    tx.run(
        """
        UPDATE outrider.schedules SET next_at = %(next)s, missed = %(missed)s
         WHERE name = %(name)s
        """,
        {"name": name, "next": next_at, "missed": missed},
    )


def pause(tx: Tx, name: str, *, by: str, reason: str) -> bool:
    """Fire it no more until `resume`; False when it was paused, or there is none."""
    paused = tx.run(
        """
        UPDATE outrider.schedules
           SET paused_at = clock_timestamp(), paused_by = %(by)s, pause_reason = %(reason)s
         WHERE name = %(name)s AND paused_at IS NULL
        """,
        {"name": name, "by": by, "reason": reason},
    )
    return bool(paused)


def resume(tx: Tx, name: str) -> bool:
    """End its pause; False when it was not paused."""
    resumed = tx.run(
        """
        UPDATE outrider.schedules SET paused_at = NULL, paused_by = NULL, pause_reason = NULL
         WHERE name = %(name)s AND paused_at IS NOT NULL
        """,
        {"name": name},
    )
    return bool(resumed)
