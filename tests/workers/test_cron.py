"""Work by the clock: once per moment however many schedulers, with every gap counted."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from db import Database, clock, cron, cron_lines
from pipelines.schedules import ONE, REVISION, SCHEDULES, next_fire
from tests.fix_world import Said
from workers.cron import fire_due, fire_now, mirror

Peek = Callable[..., list[tuple[Any, ...]]]
Travel = Callable[[datetime], None]
NOON = datetime(2031, 6, 2, 12, tzinfo=UTC)


def put(
    database: Database, line: str, zone: str = "UTC", *, name: str = "report", catch_up: int = ONE,
    revision: int = REVISION,
) -> None:  # fmt: skip
    """A schedule as a process that starts now would mirror it."""
    with database.hat("dispatcher") as tx:
        cron.put(tx, name=name, actor="house.prune_history", payload={}, cron=line, timezone=zone,
                 next_at=next_fire(line, zone, after=clock.read(tx)), catch_up=catch_up,
                 revision=revision)  # fmt: skip


def fire(database: Database) -> Iterator[str]:
    """Fire all that is due."""
    while True:
        with database.hat("dispatcher") as tx:
            actor = fire_due(tx)
        if actor is None:
            return
        yield actor


def fires(peek: Peek) -> list[tuple[Any, ...]]:
    return peek("SELECT fire_at, previous_at, missed FROM outrider.cron_fires ORDER BY fire_at")


def test_a_schedule_fires_when_it_is_due_and_not_before(
    database: Database, at: Travel, peek: Peek
) -> None:
    at(NOON)
    put(database, "*/10 * * * *")
    assert list(fire(database)) == []
    at(NOON + timedelta(minutes=10))
    assert list(fire(database)) == ["house.prune_history"]
    assert list(fire(database)) == []
    assert fires(peek) == [(NOON + timedelta(minutes=10), None, 0)]
    assert peek("SELECT actor, tenant_id, state FROM outrider.jobs") == [
        ("house.prune_history", None, "ready")]  # fmt: skip


def test_of_two_schedulers_at_once_one_fires(database: Database, at: Travel, peek: Peek) -> None:
    at(NOON)
    put(database, "* * * * *")
    for minute in range(1, 6):
        at(NOON + timedelta(minutes=minute))
        at_once = Barrier(4)

        def race(_: int, at_once: Barrier = at_once) -> list[str]:
            at_once.wait()
            return list(fire(database))

        with ThreadPoolExecutor(4) as pool:
            assert sum(map(len, pool.map(race, range(4)))) == 1
    assert len(fires(peek)) == 5


def test_moments_that_passed_unseen_are_counted_and_not_made_up_for(
    database: Database, at: Travel, peek: Peek, said: Said
) -> None:
    at(NOON)
    put(database, "*/10 * * * *")
    at(NOON + timedelta(minutes=10))
    list(fire(database))
    at(NOON + timedelta(hours=2, minutes=5))
    assert len(list(fire(database))) == 1
    first, last = NOON + timedelta(minutes=10), NOON + timedelta(hours=2)
    assert fires(peek) == [(first, None, 0), (last, first, 10)]
    [_, line] = [line for line in said if line["event"] == "cron.fired"]
    assert (line["schedule"], line["missed"]) == ("report", 10)


def test_a_clock_that_jumps_by_years_fires_once_and_at_once(
    database: Database, at: Travel, peek: Peek
) -> None:
    at(NOON)
    put(database, "* * * * *")
    at(NOON + timedelta(days=3650))
    assert len(list(fire(database))) == 1
    [(fire_at, _, missed)] = fires(peek)
    assert missed == 10_000
    assert timedelta(0) <= NOON + timedelta(days=3650) - fire_at <= timedelta(minutes=1)


def test_a_clock_that_jumps_back_fires_nothing_again(
    database: Database, at: Travel, peek: Peek
) -> None:
    at(NOON)
    put(database, "*/10 * * * *")
    at(NOON + timedelta(minutes=30))
    list(fire(database))
    at(NOON + timedelta(minutes=10))
    assert list(fire(database)) == []
    at(NOON + timedelta(minutes=40))
    assert len(list(fire(database))) == 1
    assert len(fires(peek)) == 2


BERLIN = [  # moment by moment in tests/pipelines/test_schedules.py
    # 30 March 2031: 02:30 does not exist; the job of the night still runs, once.
    ("30 2 * * *", datetime(2031, 3, 29, tzinfo=UTC), 2),
    # Every hour is every real hour, also in the night of 25.
    ("0 * * * *", datetime(2031, 10, 25, 12, tzinfo=UTC), 36),
]


@pytest.mark.parametrize(("line", "start", "count"), BERLIN)
def test_daylight_saving_neither_skips_nor_doubles(
    database: Database, at: Travel, peek: Peek, line: str, start: datetime, count: int
) -> None:
    at(start)
    put(database, line, "Europe/Berlin")
    for half in range(36 * 2 + 1):
        at(start + timedelta(minutes=30 * half))
        list(fire(database))
    found = fires(peek)
    assert len(found) == count
    assert {missed for _, _, missed in found} == {0}


def test_a_changed_line_starts_from_its_own_next_fire(
    database: Database, at: Travel, peek: Peek
) -> None:
    at(NOON)
    put(database, "*/10 * * * *")
    at(NOON + timedelta(minutes=30))
    put(database, "0 18 * * *")
    assert list(fire(database)) == []
    at(NOON + timedelta(hours=6))
    list(fire(database))
    assert fires(peek) == [(NOON + timedelta(hours=6), None, 0)]


def test_an_unchanged_line_keeps_what_is_overdue(
    database: Database, at: Travel, peek: Peek
) -> None:
    """A fleet that was down over a fire makes it when it starts."""
    at(NOON)
    put(database, "0 18 * * *")
    at(NOON + timedelta(hours=7))
    put(database, "0 18 * * *")
    list(fire(database))
    assert fires(peek) == [(NOON + timedelta(hours=6), None, 0)]


def test_a_line_that_the_code_no_longer_has_is_retired_and_may_return(
    database: Database, at: Travel
) -> None:
    at(NOON)
    put(database, "* * * * *", name="old")
    with database.hat("dispatcher") as tx:
        mirror(tx)
        active = {s.name for s in cron_lines.list_schedules(tx) if s.is_active}
    assert active == {s.name for s in SCHEDULES}
    at(NOON + timedelta(minutes=5))
    assert list(fire(database)) == []
    put(database, "* * * * *", name="old")
    at(NOON + timedelta(minutes=6))
    assert len(list(fire(database))) == 1


def test_a_fire_by_hand_between_two_fires_leaves_no_gap(
    database: Database, at: Travel, peek: Peek
) -> None:
    """The fleet is down over a fire, an operator runs the schedule, the fleet comes back."""
    at(NOON)
    put(database, "*/10 * * * *")
    at(NOON + timedelta(minutes=15))
    with database.hat("dispatcher") as tx:
        fire_now(tx, "report")
    list(fire(database))
    at(NOON + timedelta(minutes=20))
    list(fire(database))
    minutes = [(fire_at - NOON) // timedelta(minutes=1) for fire_at, _, _ in fires(peek)]
    assert minutes == [15, 20]


def test_every_schedule_names_an_actor_that_exists() -> None:
    from workers.process import actor_names

    assert {schedule.job.name for schedule in SCHEDULES} <= set(actor_names())
