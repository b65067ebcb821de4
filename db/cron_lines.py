"""Schedules as people look at them: their lines, and the fires they made."""

from dataclasses import dataclass
from datetime import datetime

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cron line with its last and next fire, in business time.

    `missed`: moments that passed without a fire, over the fires that are kept and since.
    """

    name: str
    actor: str
    payload: dict[str, object]
    cron: str
    timezone: str
    catch_up: int
    is_active: bool
    paused_by: str | None
    pause_reason: str | None
    next_at: datetime
    last_at: datetime | None
    missed: int


@dataclass(frozen=True, slots=True)
class Fire:
    """One fire: for which moment, after which, what was skipped in between, and what came of it.

    `outcome`: how the job ended, or the state it is in; "forgotten" when history has been pruned.
    """

    fire_at: datetime
    previous_at: datetime | None
    missed: int
    fired_at: datetime
    job_id: int
    outcome: str


def list_schedules(tx: Tx) -> list[Schedule]:
    """Every schedule, by name."""
    return tx.list(
        Schedule,
        """
        SELECT s.name, s.actor, s.payload, s.cron, s.timezone, s.catch_up, s.is_active, s.paused_by,
               s.pause_reason, s.next_at, f.last_at, (s.missed + f.missed)::integer AS missed
          FROM outrider.schedules s
         CROSS JOIN LATERAL (
               SELECT max(c.fire_at) AS last_at, coalesce(sum(c.missed), 0) AS missed
                 FROM outrider.cron_fires c WHERE c.name = s.name) f
         ORDER BY s.name
        """,
    )


def list_fires(tx: Tx, name: str, *, limit: int) -> list[Fire]:
    """The last fires of a schedule, newest first. Needs the operator's hat."""
    return tx.list(
        Fire,
        """
        SELECT f.fire_at, f.previous_at, f.missed, f.fired_at, f.job_id,
               coalesce((SELECT l.outcome::text FROM outrider.job_log l
                          WHERE l.job_id = f.job_id AND l.finished_at >= f.fired_at LIMIT 1),
                        (SELECT j.state::text FROM outrider.jobs j WHERE j.id = f.job_id),
                        'forgotten') AS outcome
          FROM outrider.cron_fires f WHERE f.name = %(name)s
         ORDER BY f.fire_at DESC LIMIT %(limit)s
        """,
        {"name": name, "limit": limit},
    )
