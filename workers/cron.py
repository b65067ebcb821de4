"""Fires schedules: lock, fire, job and next time in one transaction, so N schedulers make one."""

from datetime import timedelta

from db import Tx, clock, cron
from pipelines.schedules import NONE, REVISION, SCHEDULES, Plan, next_fire, plan
from schemas.errors import NoSuchRow
from telemetry import logs

log = logs.get("outrider.cron")

_TICK = timedelta(microseconds=1)


def mirror(tx: Tx) -> None:
    """Write the schedules of this version into the database, unless a newer one did; idempotent."""
    now = clock.read(tx)
    for line in SCHEDULES:
        cron.put(
            tx,
            name=line.name,
            actor=line.job.name,
            payload=line.job.to_json(),
            cron=line.cron,
            timezone=line.timezone,
            catch_up=line.catch_up,
            priority=line.job.priority,
            revision=REVISION,
            next_at=next_fire(line.cron, line.timezone, after=now),
        )
    cron.retire_others(tx, [line.name for line in SCHEDULES], revision=REVISION)


def fire_due(tx: Tx) -> str | None:
    """Fire the most overdue schedule once; the actor it made work for, or None.

    Of the moments that passed while nobody looked, as many are made up for as the schedule's
    `catch_up` says, one per call; the others are counted as missed.
    """
    due = cron.lock_due(tx)
    if due is None:
        return None
    found = _plan(due, due.catch_up)
    missed = due.missed + found.missed
    job_id = None if found.fire_at is None else cron.record_fire(
        tx, name=due.name, fire_at=found.fire_at, previous_at=due.last_at, missed=missed
    )  # fmt: skip
    if job_id is None:
        cron.advance(tx, due.name, next_at=found.next_at, missed=missed)
        log.info("cron.skipped", schedule=due.name, missed=missed)
        return None
    cron.advance(tx, due.name, next_at=found.next_at)
    tx.rings.add(due.actor)
    log.info("cron.fired", schedule=due.name, job_id=job_id, missed=missed)
    return due.actor


def fire_now(tx: Tx, name: str) -> int:
    """Fire a schedule by hand, paused or not; its next regular fire stays. Raises NoSuchRow."""
    due = _locked(tx, name)
    # After the fire before it even where the clock was set back: fires are a chain.
    after = due.now if due.last_at is None else max(due.now, due.last_at + _TICK)
    job_id = cron.record_fire(
        tx, name=name, fire_at=after, previous_at=due.last_at, missed=due.missed
    )
    assert job_id
    cron.advance(tx, name, next_at=due.next_at)
    tx.rings.add(due.actor)
    return job_id


def resume(tx: Tx, name: str) -> bool:
    """End the pause of a schedule; False when it was not paused. Raises NoSuchRow.

    The moments of the pause are missed, whatever `catch_up` says: somebody wanted them not to be.
    """
    due = _locked(tx, name)
    resumed = cron.resume(tx, name)
    if resumed and due.next_at <= due.now:
        found = _plan(due, NONE)
        missed = due.missed + found.missed + (found.fire_at is not None)
        cron.advance(tx, name, next_at=found.next_at, missed=missed)
    return resumed


def pause(tx: Tx, name: str, *, by: str, reason: str) -> bool:
    """Fire a schedule no more; False when it was paused already. Raises NoSuchRow."""
    _locked(tx, name)
    return cron.pause(tx, name, by=by, reason=reason)


def _locked(tx: Tx, name: str) -> cron.Due:
    due = cron.get_locked(tx, name)
    if due is None:
        raise NoSuchRow("schedule", name)
    return due


def _plan(due: cron.Due, catch_up: int) -> Plan:
    return plan(
        due.cron, due.timezone, first=due.next_at, now=due.now, catch_up=catch_up, last=due.last_at
    )
