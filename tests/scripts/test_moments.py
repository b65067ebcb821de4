"""Moments as people type them."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Permanent
from scripts.moments import read_moment


@given(st.datetimes(timezones=st.sampled_from([UTC, None])))
def test_a_date_and_time_is_itself_and_in_utc_without_an_offset(moment: datetime) -> None:
    assert read_moment(moment.isoformat(), "--since") == moment.replace(tzinfo=UTC)


@given(st.integers(0, 1000), st.sampled_from("smhdw"))
def test_a_number_and_a_unit_is_so_long_ago(number: int, unit: str) -> None:
    name = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[unit]
    assert read_moment(f"{number}{unit}", "--since") == timedelta(**{name: number})


@given(st.text(max_size=20))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    with suppress(Permanent):
        assert isinstance(read_moment(text, "--until"), datetime | timedelta)


@pytest.mark.parametrize("text", ["", "yesterday", "2 h", "2026-13-01", "999999999w", "-1h"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(Permanent, match="is no moment"):
        read_moment(text, "--since")
