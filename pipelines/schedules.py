"""What happens by the clock, in business time. One fire per line and moment, however many processes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim

from schemas.base import Job
from schemas.jobs import CheckInvariants, NudgeCrm, PruneHistory

_MISSED_CAP = 10_000
"""Counting further than this tells nobody anything."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cron line in a zone, and the job of the house that it makes."""

    name: str
    cron: str
    timezone: str
    job: Job


SCHEDULES = (
    Schedule("invariants", "*/10 * * * *", "UTC", CheckInvariants()),
    Schedule("crm", "*/15 * * * *", "UTC", NudgeCrm()),
    Schedule("retention", "17 3 * * *", "UTC", PruneHistory()),
)


def next_fire(cron: str, timezone: str, *, after: datetime) -> datetime:
    """The first moment of a cron line strictly after `after`, right across DST changes."""
    return next(CronSim(cron, after.astimezone(ZoneInfo(timezone))))


def fires_until(
    cron: str, timezone: str, *, first: datetime, now: datetime
) -> tuple[datetime, int]:
    """The latest fire of a line in [first, now], and how many before it were missed.

    `first` is itself a fire and not later than `now`.
    """
    zone = ZoneInfo(timezone)
    latest, missed = first, 0
    for moment in islice(_between(cron, first.astimezone(zone), now), _MISSED_CAP):
        latest, missed = moment, missed + 1
    if missed == _MISSED_CAP:
        latest = next(CronSim(cron, now.astimezone(zone), reverse=True))
    return latest, missed


def _between(cron: str, first: datetime, now: datetime) -> Iterator[datetime]:
    for moment in CronSim(cron, first):
        if moment > now:
            return
        yield moment
