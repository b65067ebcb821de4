"""What happens by the clock, in business time. One fire per line and moment, however many processes.

A line is read in its own zone. At fixed minutes and hours ("30 2 * * *") it fires once per local day:
an hour that does not exist fires when the gap ends (03:00), an hour that comes twice fires the first
time. With a star in minutes or hours ("0 * * * *", "*/15 2 * * *") it follows real time: every real
hour, so nothing in a gap, and both of the hours that come twice.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from schemas.base import Job
from schemas.jobs import (
    CheckIntegrations,
    CheckInvariants,
    NudgeCrm,
    PruneHistory,
    RenewCredits,
)

NONE, ONE, MOST = 0, 1, 100
"""How many missed moments a line makes up for: no one, the latest, and what is allowed at most."""

GRACE = timedelta(minutes=1)
"""A moment that nobody has seen for longer is missed; younger ones are just late."""

_MISSED_CAP = 10_000
"""Counting further than this tells nobody anything."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cron line in a zone, and the job of the house that it makes.

    `catch_up`: how many of the moments that nobody saw are made up for, the latest ones, in order.
    NONE goes on with the next, ONE fires at once for the latest, n fires for up to n of them.
    Raises ValueError, in a sentence that names the line, when it could never fire.
    """

    name: str
    cron: str
    timezone: str
    job: Job
    catch_up: int = ONE

    def __post_init__(self) -> None:
        problem = self._zone_problem() or self._line_problem()
        if not problem and not NONE <= self.catch_up <= MOST:
            problem = f"catch_up: {self.catch_up} is not between {NONE} and {MOST}."
        if problem:
            raise ValueError(f"Schedule {self.name!r}: {problem}")

    def _zone_problem(self) -> str:
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            return f"timezone: there is no {self.timezone!r}; name one like Europe/Berlin."
        return ""

    def _line_problem(self) -> str:
        fix = "write minute, hour, day of month, month and day of week."
        if len(self.cron.split()) != 5:
            return f"cron: {self.cron!r} has not five fields; {fix}"
        try:
            next_fire(self.cron, self.timezone, after=datetime(2000, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            return f"cron: {self.cron!r} cannot be read ({error}); {fix}"
        except StopIteration:
            return f"cron: {self.cron!r} names a day that never comes; {fix}"
        return ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a schedule that is due does now: fire for a moment, or not; and when it is due again.

    `missed`: moments that are skipped for good. `next_at` is not later than now while more are to be
    made up for.
    """

    fire_at: datetime | None
    missed: int
    next_at: datetime


def table(*schedules: Schedule) -> tuple[Schedule, ...]:
    """The schedules, by names that are all different. Raises ValueError, naming one that is not."""
    names = [schedule.name for schedule in schedules]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"Schedule {name!r}: two lines have this name; rename one.")
    return schedules


def next_fires(cron: str, timezone: str, *, after: datetime) -> Iterator[datetime]:
    """The moments of a line strictly after `after`, ascending and without end, in UTC."""
    last = after.astimezone(UTC)
    for local in CronSim(cron, after.astimezone(ZoneInfo(timezone))):
        moment = local.astimezone(UTC)  # local times of one zone compare by the wall clock
        if moment > last:
            yield (last := moment)


def next_fire(cron: str, timezone: str, *, after: datetime) -> datetime:
    """The first moment of a line strictly after `after`."""
    return next(next_fires(cron, timezone, after=after))


def plan(
    cron: str, timezone: str, *, first: datetime, now: datetime, catch_up: int, last: datetime | None
) -> Plan:  # fmt: skip
    """What to do about the moments of a line from `first`, which is one, up to `now`.

    Moments up to `last`, the fire before, are covered by it: somebody fired by hand.
    """
    if last is None or last < first:
        moments = chain([first], next_fires(cron, timezone, after=first))
    else:
        moments = next_fires(cron, timezone, after=last)
    latest: deque[datetime] = deque(maxlen=max(catch_up, 1))
    seen = 0
    for moment in islice(takewhile(lambda m: m <= now, moments), _MISSED_CAP + 1):
        latest.append(moment)
        seen += 1
    if seen > _MISSED_CAP:
        latest = _latest(cron, timezone, now, most=max(catch_up, 1))
    if not latest or (catch_up == NONE and now - latest[-1] > GRACE):
        return Plan(None, seen, next_fire(cron, timezone, after=now))
    more = next_fire(cron, timezone, after=now) if len(latest) == 1 else latest[1]
    return Plan(latest[0], min(seen - len(latest), _MISSED_CAP), more)


def _latest(cron: str, timezone: str, now: datetime, *, most: int) -> deque[datetime]:
    """The last moments up to `now` of a line that has more than enough of them."""
    back = timedelta(days=1)
    while True:
        found = takewhile(lambda m: m <= now, next_fires(cron, timezone, after=now - back))
        latest = deque(found, maxlen=most)
        if len(latest) == most:
            return latest
        back *= 4


REVISION = 3
"""Raise it with every change of a line: a process of an older revision never overwrites a newer."""

SCHEDULES = table(
    Schedule("invariants", "*/10 * * * *", "UTC", CheckInvariants()),
    Schedule("crm", "*/15 * * * *", "UTC", NudgeCrm()),
    Schedule("credits", "1 0 * * *", "UTC", RenewCredits()),
    Schedule("integrations", "41 4 * * *", "UTC", CheckIntegrations()),
    Schedule("retention", "17 3 * * *", "UTC", PruneHistory()),
)
