"""When to send: the recipient's working days and hours, by the recipient's clock.

Refuses a moment that is too early, outside the window, or a wall-clock time that never was.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from schemas.base import Value
from schemas.calendars import is_holiday

LONGEST_SEARCH = 366
"""Days after which a window that never opens is an error and not a longer wait."""

Weekday = Annotated[int, Field(ge=1, le=7)]


class Window(Value):
    """The hours in which to send: from `start` until just before `end`, on ISO weekdays."""

    days: frozenset[Weekday] = Field(min_length=1)
    start: time
    end: time
    skip_holidays: bool = True

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.start.tzinfo or self.end.tzinfo:
            raise ValueError("start and end are by the recipient's clock; leave the offset out")
        if self.start >= self.end:
            raise ValueError("start must be earlier than end")
        return self


class Slot(Value):
    """A moment to send (UTC), and in one line why it is this one."""

    at: datetime
    because: str


def next_slot(
    earliest: datetime,
    *,
    window: Window,
    zone: str,
    country: str | None,
    seed: str,
    spread: bool = True,
) -> Slot:
    """The moment to send: a whole minute, never before `earliest`, inside the window in `zone`.

    It falls on the first working day on which a minute is left, in a minute drawn by `seed` among
    those, or in the first of them without `spread`. The same arguments give the same slot. Raises
    ValueError for a naive `earliest`, an unknown zone, or when no day of a year will do.
    """
    clock = _clock(zone)
    first = _aware(earliest).astimezone(clock).date()
    reasons: list[str] = []
    for day in _days_from(first):
        reason = _day_off(day, window, country)
        if reason is None:
            minutes = _minutes_left(day, earliest, window, clock)
            if minutes:
                drawn = minutes[_draw(seed, len(minutes)) if spread else 0]
                at = datetime.fromtimestamp(drawn * 60, UTC)
                return Slot(at=at, because=_because(first, day, reasons, at.astimezone(clock)))
            reason = f"no time left before {window.end:%H:%M}"
        if reason not in reasons:
            reasons.append(reason)
    raise ValueError(f"No day of {LONGEST_SEARCH} from {first} on will do: {', '.join(reasons)}.")


def in_window(moment: datetime, *, window: Window, zone: str, country: str | None) -> bool:
    """Whether a moment is one to send at: a working day, and within the hours, in `zone`."""
    local = _aware(moment).astimezone(_clock(zone))
    return _open(local, window) and _day_off(local.date(), window, country) is None


def business_day_after(day: date, *, window: Window, country: str | None) -> date:
    """The first working day after `day`. Raises ValueError when a year has none."""
    for following in _days_from(day + timedelta(days=1)):
        if _day_off(following, window, country) is None:
            return following
    raise ValueError(f"No day of {LONGEST_SEARCH} after {day} is a working day.")


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; a moment to send needs one")
    return moment


def _clock(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{zone!r} is no time zone of the IANA database") from None


def _days_from(day: date) -> Iterator[date]:
    return (day + timedelta(days=count) for count in range(LONGEST_SEARCH))


def _day_off(day: date, window: Window, country: str | None) -> str | None:
    """Why nobody is written to on a day; None on a working day."""
    if day.isoweekday() not in window.days:
        return "weekend" if day.isoweekday() >= 6 else "not a day of the window"
    return is_holiday(day, country) if window.skip_holidays else None


def _open(local: datetime, window: Window) -> bool:
    return window.start <= local.time() < window.end


def _minutes_left(day: date, earliest: datetime, window: Window, clock: ZoneInfo) -> Sequence[int]:
    """The whole minutes of the epoch that lie in the window of a local day, from `earliest` on.

    Where the clocks change in between, each minute is looked at: the window may have a hole, or
    come twice. A minute counts by what the wall clock shows, so one that never was is not there.
    """
    opens = [_instant(day, window.start, fold, clock) for fold in (0, 1)]
    closes = [_instant(day, window.end, fold, clock) for fold in (0, 1)]
    start = max(min(opens), earliest.timestamp())
    minutes = range(-int(-start // 60), -int(-max(closes) // 60))
    if {shut - unlocked for shut in closes for unlocked in opens} == {_length(window)}:
        return minutes
    return [minute for minute in minutes if _shows(minute, day, window, clock)]


def _instant(day: date, wall: time, fold: int, clock: ZoneInfo) -> float:
    return datetime.combine(day, wall.replace(fold=fold), clock).timestamp()


def _length(window: Window) -> float:
    """Its seconds on a day without a change of the clocks."""
    return (_since_midnight(window.end) - _since_midnight(window.start)).total_seconds()


def _since_midnight(wall: time) -> timedelta:
    return timedelta(
        hours=wall.hour, minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond
    )


def _shows(minute: int, day: date, window: Window, clock: ZoneInfo) -> bool:
    local = datetime.fromtimestamp(minute * 60, clock)
    return local.date() == day and _open(local, window)


def _draw(seed: str, count: int) -> int:
    digest = hashlib.sha256(seed.encode()).digest()
    return int.from_bytes(digest[:8]) * count >> 64


def _because(first: date, day: date, reasons: list[str], local: datetime) -> str:
    moved = f"moved from {first:%a %F} to {day:%a %F}: {', '.join(reasons)}; " if reasons else ""
    return f"{moved}{local:%H:%M} {local.tzinfo}"
