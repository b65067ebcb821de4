"""When the demo's clock may move, and how far."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from db.quiet import Stillness
from scripts.demo.conductor import is_still, next_moment

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
minutes = st.integers(1, 60 * 24 * 9).map(lambda n: NOON + timedelta(minutes=n))


def still(
    *, busy: bool = False, mails: int = 0, due: datetime | None = None, end: datetime | None = None
) -> Stillness:
    return Stillness(NOON, busy, 0, due, end or due, mails)


def test_work_that_is_due_or_a_mail_that_was_not_read_keeps_the_clock_where_it_is():
    assert is_still(still(mails=3), 3)
    assert not is_still(still(busy=True, mails=3), 3)
    assert not is_still(still(mails=2), 3)


def moment_of(due: datetime | None, end: datetime | None, *answers: datetime) -> datetime | None:
    def last(before: datetime) -> datetime | None:
        return max((one for one in answers if one < before), default=None)

    return next_moment(still(due=due, end=end), min(answers, default=None), last)


def test_the_end_is_when_nobody_waits_for_anything():
    assert moment_of(None, None) is None


@given(due=st.none() | minutes, answers=st.lists(minutes, max_size=4))
def test_nothing_that_is_due_is_passed_by_for_more_than_its_hour(
    due: datetime | None, answers: list[datetime]
):
    end = due and due.replace(minute=59, second=59)
    moment = moment_of(due, end, *answers)
    dues = [one for one in (due, *answers) if one]
    if not dues:
        assert moment is None
        return
    full_hour = min(dues).replace(minute=0) + timedelta(hours=1)
    assert moment
    assert min(dues) < moment <= full_hour


@given(due=minutes, minute=st.integers(0, 59))
def test_what_is_due_in_the_same_hour_is_due_together(due: datetime, minute: int):
    moment = moment_of(due, due.replace(minute=59), due.replace(minute=minute))
    assert moment
    assert moment > due.replace(minute=59)
    other = moment_of(None, None, due, due.replace(minute=minute))
    assert other
    assert other > max(due, due.replace(minute=minute))
