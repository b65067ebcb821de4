"""Public holidays: nationwide, named, and none for a country that nobody knows."""

from datetime import date

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.calendars import is_holiday
from schemas.zone_data import PRINCIPAL


@pytest.mark.parametrize(("day", "country", "name"), [
    (date(2026, 12, 25), "DE", "Christmas"),
    (date(2026, 4, 6), "Deutschland", "Easter Monday"),
    (date(2026, 11, 26), "US", "Thanksgiving"),
    (date(2026, 7, 3), "United States", "observed"),  # the 4th is a Saturday
    (date(2026, 7, 14), "France", "National Day"),
    (date(2026, 5, 4), "JP", "Greenery"),
])  # fmt: skip
def test_a_public_holiday_has_a_name(day: date, country: str, name: str) -> None:
    assert name in (is_holiday(day, country) or "")


@pytest.mark.parametrize(("day", "country"), [
    (date(2026, 12, 28), "DE"),
    (date(2026, 1, 6), "DE"),  # Epiphany: three of the sixteen states
    (date(2026, 11, 26), "DE"),
    (date(2026, 12, 25), None),
    (date(2026, 12, 25), "Atlantis"),
    (date(2026, 12, 25), "ZZ"),
])  # fmt: skip
def test_any_other_day_is_a_day(day: date, country: str | None) -> None:
    assert is_holiday(day, country) is None


@settings(deadline=None)
@given(st.dates(date(2001, 1, 1), date(2035, 12, 31)), st.sampled_from(["DE", "US", "IN", "JP"]))
def test_the_answer_is_that_of_a_calendar_over_many_years(day: date, country: str) -> None:
    """New Year observed on 31 December belongs to the year after: a calendar of one year must know."""
    years = range(day.year - 1, day.year + 2) if 2001 < day.year < 2035 else [day.year]
    calendar = holidays.country_holidays(country, years=years, language="en_US")
    assert is_holiday(day, country) == calendar.get(day)


def test_new_year_observed_the_day_before_is_a_holiday_of_the_old_year() -> None:
    assert is_holiday(date(2021, 12, 31), "US")  # 1 January 2022 was a Saturday


def test_every_country_can_be_asked() -> None:
    answers = {code: is_holiday(date(2026, 1, 1), code) for code in sorted(PRINCIPAL)}
    assert sum(name is not None for name in answers.values()) > 150
