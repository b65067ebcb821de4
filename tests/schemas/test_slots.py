"""The moment to send: against an oracle that walks minute by minute and knows nothing clever."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.calendars import is_holiday
from schemas.slots import Window, business_day_after, in_window, next_slot

MINUTE = timedelta(minutes=1)
OFFICE = Window(days=frozenset({1, 2, 3, 4, 5}), start=time(9), end=time(17))
NIGHT = Window(days=frozenset(range(1, 8)), start=time(1, 30), end=time(2, 40), skip_holidays=False)
ZONES = (
    "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns", "Europe/Berlin",
    "America/New_York", "America/Sao_Paulo", "Africa/Casablanca", "Asia/Tehran", "Pacific/Chatham",
    "America/Havana", "Asia/Beirut", "Antarctica/Troll", "Pacific/Kiritimati", "UTC",
)  # fmt: skip


def local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone))


def open_at(moment: datetime, window: Window, zone: str, country: str | None) -> bool:
    there = local(moment, zone)
    return (
        there.isoweekday() in window.days
        and window.start <= there.time() < window.end
        and not (window.skip_holidays and is_holiday(there.date(), country))
    )


def first_open_minute(
    earliest: datetime, window: Window, zone: str, country: str | None
) -> datetime:
    """Walks: the slowest way there is, and the only one that cannot be wrong."""
    moment = earliest.replace(second=0, microsecond=0)
    moment += MINUTE if moment < earliest else timedelta(0)
    for _ in range(14 * 24 * 60):
        if open_at(moment, window, zone, country):
            return moment
        moment += MINUTE
    raise AssertionError("nothing opened for two weeks")


walls = st.times(time(0), time(23, 58)).map(lambda wall: wall.replace(second=0, microsecond=0))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    start = draw(walls)
    end = draw(walls.filter(lambda wall: wall > start) | st.just(time(23, 59)))
    days = draw(st.frozensets(st.integers(1, 7), min_size=2))
    return Window(days=days, start=start, end=end, skip_holidays=draw(st.booleans()))


moments = st.datetimes(datetime(2005, 1, 1), datetime(2034, 12, 1), timezones=st.just(UTC))
NIGHTS = [
    datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC),  # Berlin, Beirut
    datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC),  # New York, St. John's
    datetime(2026, 4, 4, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC),  # Lord Howe: half an hour
    datetime(2011, 12, 29, tzinfo=UTC),  # Apia leaves out the 30th
    datetime(2018, 11, 4, tzinfo=UTC),  # Sao Paulo begins the day at one o'clock
]  # fmt: skip
around = st.builds(
    lambda night, minutes: night + minutes * MINUTE,
    st.sampled_from(NIGHTS),
    st.integers(-900, 1800),
)


@settings(deadline=None, max_examples=150)
@given(moments | around, windows() | st.just(OFFICE) | st.just(NIGHT), st.sampled_from(ZONES))
@example(datetime(2026, 3, 29, 0, 50, tzinfo=UTC), NIGHT, "Europe/Berlin")
@example(datetime(2011, 12, 30, 9, 0, tzinfo=UTC), NIGHT, "Pacific/Apia")
@example(datetime(2026, 4, 4, 14, 31, tzinfo=UTC), NIGHT, "Australia/Lord_Howe")
def test_without_spread_it_is_the_first_open_minute(
    earliest: datetime, window: Window, zone: str
) -> None:
    slot = next_slot(earliest, window=window, zone=zone, country="US", seed="", spread=False)
    assert slot.at == first_open_minute(earliest, window, zone, "US")


@settings(deadline=None, max_examples=150)
@given(moments | around, windows() | st.just(NIGHT), st.sampled_from(ZONES), st.text())
def test_with_spread_it_is_an_open_minute_of_the_same_day(
    earliest: datetime, window: Window, zone: str, seed: str
) -> None:
    first = first_open_minute(earliest, window, zone, "DE")
    slot = next_slot(earliest, window=window, zone=zone, country="DE", seed=seed)
    assert slot.at >= first
    assert local(slot.at, zone).date() == local(first, zone).date()
    assert open_at(slot.at, window, zone, "DE")
    assert in_window(slot.at, window=window, zone=zone, country="DE")
    assert slot == next_slot(earliest, window=window, zone=zone, country="DE", seed=seed)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("night", NIGHTS)
def test_where_the_clocks_change_only_open_minutes_are_drawn(night: datetime, zone: str) -> None:
    earliest = night - timedelta(hours=12)
    for seed in range(25):
        at = next_slot(earliest, window=NIGHT, zone=zone, country=None, seed=str(seed)).at
        assert open_at(at, NIGHT, zone, None), (local(at, zone), seed)


@settings(deadline=None)
@given(moments | around, windows(), st.sampled_from(ZONES), st.sampled_from(["DE", None]))
def test_a_moment_is_in_the_window_when_the_wall_clock_says_so(
    moment: datetime, window: Window, zone: str, country: str | None
) -> None:
    assert in_window(moment, window=window, zone=zone, country=country) == open_at(
        moment, window, zone, country
    )


def test_seeds_spread_over_the_whole_window_evenly() -> None:
    earliest = datetime(2026, 11, 23, tzinfo=UTC)
    drawn = [
        next_slot(earliest, window=OFFICE, zone="UTC", country=None, seed=f"touch:{n}").at
        for n in range(960)
    ]
    by_hour = [sum(at.hour == hour for at in drawn) for hour in range(9, 17)]
    assert sum(by_hour) == 960
    assert all(80 <= count <= 160 for count in by_hour)  # 120, and four deviations of it
    assert len(set(drawn)) > 350  # of 480 minutes


def test_what_is_left_of_a_window_is_used() -> None:
    earliest = datetime(2026, 11, 23, 16, 50, 30, tzinfo=UTC)
    drawn = {
        next_slot(earliest, window=OFFICE, zone="UTC", country=None, seed=str(n)).at
        for n in range(200)
    }
    assert {at.minute for at in drawn} == set(range(51, 60))
    late = next_slot(
        datetime(2026, 11, 23, 16, 59, 1, tzinfo=UTC),
        window=OFFICE, zone="UTC", country=None, seed="", spread=False,
    )  # fmt: skip
    assert late.at == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert "no time left before 17:00" in late.because


def test_it_says_why() -> None:
    saturday = datetime(2026, 12, 26, 12, tzinfo=UTC)
    slot = next_slot(
        saturday, window=OFFICE, zone="Europe/Berlin", country="DE", seed="", spread=False
    )
    assert (
        slot.because == "moved from Sat 2026-12-26 to Mon 2026-12-28: weekend; 09:00 Europe/Berlin"
    )
    christmas = datetime(2026, 12, 24, 17, tzinfo=UTC)
    slot = next_slot(
        christmas, window=OFFICE, zone="Europe/Berlin", country="DE", seed="", spread=False
    )
    assert slot.because == (
        "moved from Thu 2026-12-24 to Mon 2026-12-28: no time left before 17:00, Christmas Day,"
        " weekend; 09:00 Europe/Berlin"
    )
    monday = datetime(2026, 12, 28, 12, tzinfo=UTC)
    slot = next_slot(
        monday, window=OFFICE, zone="Europe/Berlin", country="DE", seed="", spread=False
    )
    assert slot.because == "13:00 Europe/Berlin"


def test_an_hour_that_never_was_is_left_out_and_one_that_comes_twice_is_used_twice() -> None:
    hour = Window(days=frozenset({7}), start=time(2), end=time(3), skip_holidays=False)
    spring = next_slot(datetime(2026, 3, 29, tzinfo=UTC), window=hour, zone="Europe/Berlin",
                       country=None, seed="", spread=False)  # fmt: skip
    assert local(spring.at, "Europe/Berlin").isoformat() == "2026-04-05T02:00:00+02:00"
    drawn = {
        next_slot(datetime(2026, 10, 25, tzinfo=UTC), window=hour, zone="Europe/Berlin",
                  country=None, seed=str(n)).at.hour
        for n in range(40)
    }  # fmt: skip
    assert drawn == {0, 1}


@settings(deadline=None)
@given(st.dates(date(2002, 1, 1), date(2034, 12, 1)), windows())
def test_the_business_day_after_is_the_first_that_works(day: date, window: Window) -> None:
    found = business_day_after(day, window=window, country="US")
    works = [
        day + timedelta(days=n)
        for n in range(1, 30)
        if (day + timedelta(days=n)).isoweekday() in window.days
        and not (window.skip_holidays and is_holiday(day + timedelta(days=n), "US"))
    ]
    assert found == works[0]


def test_a_window_that_never_opens_is_an_error_and_not_a_loop() -> None:
    between = {"start": time(2, 0, 1), "end": time(2, 0, 30)}  # holds no whole minute
    never = OFFICE.model_copy(update=between)
    with pytest.raises(ValueError, match=r"No day of 366 .* no time left before 02:00"):
        next_slot(datetime(2026, 1, 1, tzinfo=UTC), window=never, zone="UTC", country=None, seed="")


def test_nonsense_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        next_slot(datetime(2026, 1, 1), window=OFFICE, zone="UTC", country=None, seed="")
    for zone in ("Europe/Atlantis", "", "../UTC", "x\0y", "Europe"):
        with pytest.raises(ValueError, match="is no time zone of the IANA database"):
            in_window(datetime(2026, 1, 1, tzinfo=UTC), window=OFFICE, zone=zone, country=None)


@pytest.mark.parametrize(("change", "says"), [
    ({"days": []}, "at least 1 item"),
    ({"days": [0]}, "greater than or equal to 1"),
    ({"days": [8]}, "less than or equal to 7"),
    ({"start": "17:00"}, "start must be earlier than end"),
    ({"start": "09:00+02:00"}, "leave the offset out"),
])  # fmt: skip
def test_a_window_must_open(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Window.model_validate(OFFICE.to_json() | change)
    assert Window.model_validate(OFFICE.to_json()) == OFFICE
