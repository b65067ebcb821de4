"""Moments of cron lines: in their zone, across changes of the clock, refused when they could not be."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.schedules import (
    GRACE,
    NONE,
    ONE,
    REVISION,
    SCHEDULES,
    Schedule,
    next_fire,
    next_fires,
    plan,
    table,
)
from schemas.jobs import PruneHistory

ZONES = ("UTC", "Europe/Berlin", "America/Santiago", "Asia/Kolkata", "Australia/Lord_Howe",
         "Africa/Cairo", "America/St_Johns")  # fmt: skip
SPRING, AUTUMN = datetime(2031, 3, 30, tzinfo=UTC), datetime(2031, 10, 26, tzinfo=UTC)
NOON = datetime(2031, 6, 2, 12, tzinfo=UTC)


def field(low: int, high: int) -> st.SearchStrategy[str]:
    """One field of a line: a star, a step, a number or two."""
    number = st.integers(low, high)
    return st.one_of(
        st.just("*"),
        st.integers(2, 30).map(lambda step: f"*/{step}"),
        number.map(str),
        st.tuples(number, number).map(lambda two: f"{two[0]},{two[1]}"),
    )


LINES = st.tuples(field(0, 59), field(0, 23), st.just("*"), st.just("*"), field(0, 6)).map(" ".join)
MOMENTS = st.integers(0, 2 * 366 * 24 * 60).map(
    lambda minute: datetime(2030, 12, 1, tzinfo=UTC) + timedelta(minutes=minute)
)


def on(day: datetime, line: str, zone: str = "Europe/Berlin") -> list[str]:
    """The moments of a line on a local day, as UTC times."""
    start = day.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    end = (day.replace(tzinfo=ZoneInfo(zone)) + timedelta(days=1)).astimezone(UTC)
    found = next_fires(line, zone, after=start - timedelta(seconds=1))
    return [f"{m:%H:%M}" for m in takewhile(lambda m: m < end, found)]


@pytest.mark.parametrize(("line", "day", "fires"), [
    # 30 March 2031 in Berlin: 01:00 UTC is 03:00 local, and 02:00 to 03:00 does not exist.
    ("30 2 * * *", SPRING, ["01:00"]),
    ("0,30 2 * * *", SPRING, ["01:00"]),
    ("0 2,3 * * *", SPRING, ["01:00"]),
    ("*/15 2 * * *", SPRING, []),
    ("0 * * * *", SPRING, ["23:00", *(f"{hour:02}:00" for hour in range(22))]),
    # 26 October 2031: 02:00 to 03:00 local is 00:00 to 01:00 UTC, and once more 01:00 to 02:00.
    ("30 2 * * *", AUTUMN, ["00:30"]),
    ("0,30 2 * * *", AUTUMN, ["00:00", "00:30"]),
    ("0 2,3 * * *", AUTUMN, ["00:00", "02:00"]),
    ("*/30 2 * * *", AUTUMN, ["00:00", "00:30", "01:00", "01:30"]),
    ("0 * * * *", AUTUMN, ["22:00", "23:00", *(f"{hour:02}:00" for hour in range(23))]),
])  # fmt: skip
def test_the_days_on_which_the_clock_changes(line: str, day: datetime, fires: list[str]) -> None:
    assert on(day, line) == fires


@given(LINES, st.sampled_from(ZONES), MOMENTS)
@example("30 2 * * *", "Europe/Berlin", AUTUMN + timedelta(hours=1, minutes=15))
def test_moments_ascend_and_do_not_depend_on_where_one_starts_to_look(
    line: str, zone: str, start: datetime
) -> None:
    """So whoever looks, whenever, waits for the same next moment: no gap and no double."""
    fires = list(islice(next_fires(line, zone, after=start), 12))
    assert fires == sorted(set(fires))
    assert fires[0] > start
    for earlier, later in pairwise(fires):
        between = earlier + (later - earlier) / 2
        for moment in (earlier, between, later - timedelta(microseconds=1)):
            assert next_fire(line, zone, after=moment) == later


@given(LINES, st.sampled_from(ZONES), MOMENTS)
def test_a_moment_is_one_that_the_line_names_on_the_local_clock(
    line: str, zone: str, start: datetime
) -> None:
    """Except where the clock jumps over it: then it is the end of the gap."""
    minutes, hours = (
        _numbers(text, top) for text, top in zip(line.split(), (60, 24), strict=False)
    )
    for moment in islice(next_fires(line, zone, after=start), 8):
        local = moment.astimezone(ZoneInfo(zone))
        an_hour_before = (moment - timedelta(hours=1)).astimezone(ZoneInfo(zone))
        jumped = local.utcoffset() != an_hour_before.utcoffset()
        assert jumped or (local.minute in minutes and local.hour in hours)


def _numbers(text: str, top: int) -> set[int]:
    star, _, step = text.partition("/")
    return set(range(0, top, int(step or 1))) if star == "*" else {int(n) for n in text.split(",")}


@given(
    now=st.integers(0, 3000), step=st.sampled_from([1, 7, 10, 30]), catch_up=st.sampled_from([0, 1, 2, 5])
)  # fmt: skip
def test_a_plan_makes_up_for_the_latest_moments_and_counts_the_others(
    now: int, step: int, catch_up: int
) -> None:
    """Against a count by hand: moments every `step` minutes of an hour, seen `now` minutes later."""
    moments = [m for m in range(1, now + 1) if m % 60 % step == 0]
    if not moments:
        return
    at = [NOON + timedelta(minutes=m) for m in moments]
    found = plan(f"*/{step} * * * *", "UTC", first=at[0], now=NOON + timedelta(minutes=now),
                 catch_up=catch_up, last=None)  # fmt: skip
    if catch_up == NONE and now - moments[-1] > GRACE / timedelta(minutes=1):
        assert (found.fire_at, found.missed) == (None, len(at))
    else:
        made_up = at[-max(catch_up, 1) :]
        assert (found.fire_at, found.missed) == (made_up[0], len(at) - len(made_up))
        assert (found.next_at <= NOON + timedelta(minutes=now)) == (len(made_up) > 1)


def test_a_pause_of_years_is_counted_up_to_a_bound_and_its_latest_moments_are_found() -> None:
    now = NOON + timedelta(days=3650, seconds=20)
    found = plan("* * * * *", "UTC", first=NOON, now=now, catch_up=3, last=None)
    latest = now.replace(second=0)
    assert found.fire_at == latest - timedelta(minutes=2)
    assert found.next_at == latest - timedelta(minutes=1)
    assert found.missed == 10_000 - 2


@pytest.mark.parametrize(("name", "cron", "timezone", "catch_up", "problem"), [
    ("a", "61 * * * *", "UTC", ONE, "Schedule 'a': cron: '61 * * * *' cannot be read (Bad minute); write minute,"),
    ("b", "* * * *", "UTC", ONE, "Schedule 'b': cron: '* * * *' has not five fields; write minute,"),
    ("c", "* * * * * *", "UTC", ONE, "has not five fields"),
    ("d", "0 0 31 2 *", "UTC", ONE, "cannot be read (Bad day-of-month)"),
    ("e", "0 0 */3 2 MON#5", "UTC", ONE, "cron: '0 0 */3 2 MON#5' names a day that never comes"),
    ("f", "* * * * *", "Europe/Bielefeld", ONE, "timezone: there is no 'Europe/Bielefeld'; name one like Europe/Berlin."),
    ("g", "* * * * *", "Europe", ONE, "timezone: there is no 'Europe'"),
    ("h", "* * * * *", "", ONE, "timezone: there is no ''"),
    ("i", "* * * * *", "UTC", 101, "catch_up: 101 is not between 0 and 100."),
    ("j", "* * * * *", "UTC", -1, "catch_up: -1 is not between 0 and 100."),
])  # fmt: skip
def test_a_line_that_could_never_fire_is_refused_where_it_is_written(
    name: str, cron: str, timezone: str, catch_up: int, problem: str
) -> None:
    with pytest.raises(ValueError, match="Schedule") as refused:
        Schedule(name, cron, timezone, PruneHistory(), catch_up)
    assert problem in str(refused.value)


def test_two_lines_of_one_name_are_refused() -> None:
    line = Schedule("night", "0 3 * * *", "UTC", PruneHistory())
    with pytest.raises(ValueError, match="Schedule 'night': two lines have this name"):
        table(line, line)


def test_whoever_changes_a_line_raises_the_revision() -> None:
    """Raise REVISION and write down both here; else an older process could bring the old line back."""
    lines = {s.name: (s.cron, s.timezone, s.job.name, s.catch_up) for s in SCHEDULES}
    assert (REVISION, lines) == (3, {
        "invariants": ("*/10 * * * *", "UTC", "house.check_invariants", ONE),
        "crm": ("*/15 * * * *", "UTC", "house.nudge_crm", ONE),
        "credits": ("1 0 * * *", "UTC", "house.renew_credits", ONE),
        "integrations": ("41 4 * * *", "UTC", "house.check_integrations", ONE),
        "retention": ("17 3 * * *", "UTC", "house.prune_history", ONE),
    })  # fmt: skip
