"""Fires schedules: lock, fire, job and next time in one transaction, so N schedulers make one."""

from db import Tx, clock, cron
from pipelines.schedules import SCHEDULES, fires_until, next_fire
from telemetry import logs

log = logs.get("outrider.cron")


def mirror(tx: Tx) -> None:
    """Write the schedules of this version into the database; idempotent."""
    now = clock.read(tx)
    for line in SCHEDULES:
        cron.put(
            tx,
            name=line.name,
            actor=line.job.name,
            payload=line.job.to_json(),
            cron=line.cron,
            timezone=line.timezone,
            next_at=next_fire(line.cron, line.timezone, after=now),
        )
    cron.retire_others(tx, [line.name for line in SCHEDULES])


def fire_due(tx: Tx) -> str | None:
    """Fire the most overdue schedule once, for its latest moment; the actor it made work for.

    Moments that passed while nobody looked are counted as missed and not made up for.
    """
    due = cron.lock_due(tx)
    if due is None:
        return None
    fire_at, missed = fires_until(due.cron, due.timezone, first=due.next_at, now=due.now)
    covered = due.last_at is not None and due.last_at >= fire_at  # somebody fired it by hand
    job_id = None if covered else cron.record_fire(
        tx, name=due.name, fire_at=fire_at, previous_at=due.last_at, missed=missed
    )  # fmt: skip
    cron.advance(tx, due.name, next_at=next_fire(due.cron, due.timezone, after=due.now))
    if job_id is None:
        return None
    tx.rings.add(due.actor)
    log.info("cron.fired", schedule=due.name, job_id=job_id, missed=missed)
    return due.actor
