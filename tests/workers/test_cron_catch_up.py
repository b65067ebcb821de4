"""Moments that nobody saw: none, one or n of them made up for, by any number of schedulers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from db import Database, cron, cron_lines
from pipelines.schedules import NONE, ONE, REVISION, SCHEDULES
from schemas.errors import NoSuchRow
from tests.fix_world import Said
from tests.workers.test_cron import NOON, Peek, Travel, fire, fires, put
from workers.cron import fire_due, fire_now, mirror, pause, resume


def minutes(peek: Peek) -> list[tuple[int, int]]:
    """Each fire: how many minutes after noon, and how many moments were missed before it."""
    return [((at - NOON) // timedelta(minutes=1), missed) for at, _, missed in fires(peek)]


def after(minute: float) -> Any:
    return NOON + timedelta(minutes=minute)


def missed(database: Database) -> int:
    """All that the schedule ever missed, as an operator sees it."""
    with database.hat("operator") as tx:
        [line] = [s for s in cron_lines.list_schedules(tx) if s.name == "report"]
    return line.missed


def test_all_makes_up_for_the_last_ones_in_order_each_with_its_own_job(
    database: Database, at: Travel, peek: Peek
) -> None:
    at(NOON)
    put(database, "*/10 * * * *", catch_up=3)
    at(after(65))
    assert len(list(fire(database))) == 3
    assert minutes(peek) == [(40, 3), (50, 0), (60, 0)]
    jobs = peek(
        "SELECT j.due_at FROM outrider.cron_fires f JOIN outrider.jobs j ON j.id = f.job_id ORDER BY j.id"
    )
    assert [due for (due,) in jobs] == [after(40), after(50), after(60)]
    at(after(75))
    assert len(list(fire(database))) == 1
    assert minutes(peek)[-1] == (70, 0)


def test_none_goes_on_with_the_next_and_says_what_it_skipped(
    database: Database, at: Travel, peek: Peek, said: Said
) -> None:
    at(NOON)
    put(database, "*/10 * * * *", catch_up=NONE)
    at(after(65))
    assert list(fire(database)) == []
    assert minutes(peek) == []
    assert missed(database) == 6
    [line] = [line for line in said if line["event"] == "cron.skipped"]
    assert (line["schedule"], line["missed"]) == ("report", 6)
    at(after(70.9))  # late, and not missed
    assert len(list(fire(database))) == 1
    assert minutes(peek) == [(70, 6)]
    assert missed(database) == 6


def test_a_moment_that_is_made_up_for_while_the_next_ones_come_is_not_missed(
    database: Database, at: Travel, peek: Peek
) -> None:
    """Whoever fires dies after the first of three; its heir comes ten minutes later."""
    at(NOON)
    put(database, "*/10 * * * *", catch_up=3)
    at(after(35))
    with database.hat("dispatcher") as tx:
        assert fire_due(tx)
    at(after(45))
    list(fire(database))
    assert minutes(peek) == [(10, 0), (20, 0), (30, 0), (40, 0)]


def test_a_fire_by_hand_covers_what_was_waiting_to_be_made_up_for(
    database: Database, at: Travel, peek: Peek
) -> None:
    at(NOON)
    put(database, "*/10 * * * *", catch_up=3)
    at(after(35))
    with database.hat("dispatcher") as tx:
        fire_now(tx, "report")
    assert list(fire(database)) == []
    at(NOON)  # the clock is set back, and somebody fires by hand again: fires stay a chain
    with database.hat("dispatcher") as tx:
        fire_now(tx, "report")
    at(after(40))
    list(fire(database))
    assert minutes(peek) == [(35, 0), (35, 0), (40, 0)]


def test_schedulers_that_race_for_many_moments_make_one_chain(
    database: Database, at: Travel, peek: Peek
) -> None:
    at(NOON)
    put(database, "* * * * *", catch_up=40)
    at(after(40.5))
    at_once = Barrier(4)

    def race(_: int) -> int:
        at_once.wait()
        return sum(1 for _ in range(15) for _ in fire(database))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(race, range(4))) == 40
    assert minutes(peek) == [(minute, 0) for minute in range(1, 41)]


names = count()
LOOKS = st.lists(st.integers(0, 400), min_size=1, max_size=7)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(step=st.sampled_from([1, 7, 10]), catch_up=st.sampled_from([NONE, ONE, 4]), looks=LOOKS)
@example(step=10, catch_up=4, looks=[35, 20, 36, 400, 0, 40])
@example(step=1, catch_up=NONE, looks=[5, 4, 7, 60])
def test_whoever_looks_whenever_the_fires_are_those_of_the_policy(
    database: Database, at: Travel, peek: Peek, step: int, catch_up: int, looks: list[int]
) -> None:
    """The clock jumps to and fro; two schedulers look; the model counts minutes by hand."""
    peek("DELETE FROM outrider.schedules")
    at(NOON)
    put(database, f"*/{step} * * * *", catch_up=catch_up)
    expected: list[tuple[int, int]] = []
    seen = pending = 0
    with ThreadPoolExecutor(2) as pool:
        for now in looks:
            at(after(now))
            list(pool.map(lambda _: list(fire(database)), range(2)))
            list(fire(database))  # the loser of a race looks again half a second later
            came = [m for m in range(seen + 1, now + 1) if m % 60 % step == 0]
            made_up = came[-catch_up:] if catch_up else [m for m in came[-1:] if now - m <= 1]
            pending += len(came) - len(made_up)
            for moment in made_up:
                expected.append((moment, pending))
                pending = 0
            seen = max(seen, now)
    assert minutes(peek) == expected
    assert missed(database) == sum(skipped for _, skipped in expected) + pending


def test_an_older_process_never_overwrites_what_a_newer_one_wrote(
    database: Database, at: Travel, peek: Peek
) -> None:
    at(NOON)
    look = "SELECT cron, is_active, revision FROM outrider.schedules WHERE name = 'report'"
    put(database, "0 18 * * *", revision=2)
    put(database, "*/10 * * * *", revision=1)
    assert peek(look) == [("0 18 * * *", True, 2)]
    put(database, "0 18 * * *", revision=4)  # unchanged, and yet what the newest says
    put(database, "*/10 * * * *", revision=3)
    assert peek(look) == [("0 18 * * *", True, 4)]
    with database.hat("dispatcher") as tx:
        cron.retire_others(tx, [], revision=3)
    assert peek(look) == [("0 18 * * *", True, 4)]
    with database.hat("dispatcher") as tx:
        cron.retire_others(tx, [], revision=5)
    put(database, "0 18 * * *", revision=4)
    assert peek(look) == [("0 18 * * *", False, 5)]


def test_an_older_process_leaves_the_lines_of_a_newer_one_alone(
    database: Database, peek: Peek
) -> None:
    put(database, "0 18 * * *", revision=REVISION + 1)
    with database.hat("dispatcher") as tx:
        mirror(tx)
    active = peek("SELECT name FROM outrider.schedules WHERE is_active ORDER BY name")
    assert [name for (name,) in active] == sorted(["report", *(s.name for s in SCHEDULES)])


def test_a_paused_schedule_fires_by_hand_alone_and_goes_on_from_its_next_moment(
    database: Database, at: Travel, peek: Peek
) -> None:
    at(NOON)
    put(database, "*/10 * * * *", catch_up=5)
    with database.hat("dispatcher") as tx:
        assert pause(tx, "report", by="ann", reason="the CRM is down")
        assert not pause(tx, "report", by="ben", reason="me too")
    at(after(25))
    assert list(fire(database)) == []
    with database.hat("dispatcher") as tx:
        fire_now(tx, "report")
    at(after(45))
    put(database, "*/10 * * * *", catch_up=5)  # a process that starts does not end the pause
    assert list(fire(database)) == []
    with database.hat("dispatcher") as tx:
        assert resume(tx, "report")
        assert not resume(tx, "report")
    assert list(fire(database)) == []
    at(after(50))
    list(fire(database))
    assert minutes(peek) == [(25, 0), (50, 2)]


@pytest.mark.parametrize("order", [
    lambda tx: pause(tx, "lunch", by="ann", reason="r"),
    lambda tx: resume(tx, "lunch"),
    lambda tx: fire_now(tx, "lunch"),
])  # fmt: skip
def test_a_schedule_that_does_not_exist_is_named(
    database: Database, order: Callable[[Any], object]
) -> None:
    with (
        pytest.raises(NoSuchRow, match="There is no schedule lunch"),
        database.hat("dispatcher") as tx,
    ):
        order(tx)
