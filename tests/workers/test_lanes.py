"""What an attempt's end does to its lane, and to nobody else's."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from db.lanes import LaneRule
from schemas.enums import JobState
from schemas.errors import Busy, JobError, Permanent, RateLimited, Transient, Unanswered
from tests.fix_lanes import Keyed, Line
from tests.fix_world import AT_ONCE, Bench
from workers.actor import Spec
from workers.context import Context

RULE = LaneRule(max_running=5, opens_after=2)
MINUTE = timedelta(minutes=1)


def failing(error: JobError | None) -> Spec:
    """An actor whose every attempt ends so."""

    def handler(_job: Any, _ctx: Context) -> None:
        if error:
            raise error

    return Spec(Keyed, handler, "toys", AT_ONCE, timedelta(seconds=10), rule=RULE)


def test_a_limit_that_a_resource_names_holds_for_its_lane_and_burns_no_attempt(
    bench: Bench, line: Line
) -> None:
    [first, second] = line.wait(bench.tenant, 2)
    [elsewhere] = line.wait(bench.tenant, 1, key="other")
    assert set(line.pick()) == {first, second, elsewhere}
    bench.runner.run(failing(RateLimited("slow down", retry_after=MINUTE)), [first], bench.tenant)
    assert line.state() == (0, True)
    assert bench.state(first) == (JobState.DELAYED, 0)
    assert bench.state(second) == (JobState.READY, 0)  # its ticket was taken back
    bench.runner.run(failing(None), [second, elsewhere], bench.tenant)
    assert bench.state(second) == (JobState.READY, 0)
    assert line.pick() == []
    [(because,)] = line.peek("SELECT blocked_because FROM outrider.lanes WHERE key = 'box'")
    assert because == "RateLimited: slow down"


def test_a_job_that_is_in_its_own_way_blocks_nobody(bench: Bench, line: Line) -> None:
    [first, second] = line.wait(bench.tenant, 2)
    line.pick()
    bench.runner.run(failing(Busy("a moment", retry_after=MINUTE)), [first], bench.tenant)
    assert line.state() == (0, False)
    assert bench.state(second) == (JobState.DISPATCHED, 0)


@pytest.mark.system(85)
@pytest.mark.parametrize("error", [Transient("away"), Unanswered("no word")])
def test_failures_of_the_outside_world_open_the_circuit_and_a_success_closes_it(
    bench: Bench, line: Line, error: JobError, said: list[Any]
) -> None:
    line.rule(max_running=5, opens_after=2)
    ids = line.wait(bench.tenant, 4)
    line.pick()
    bench.runner.run(failing(error), [ids[0]], bench.tenant)
    assert line.state() == (1, False)
    bench.runner.run(failing(error), [ids[1]], bench.tenant)
    assert line.state() == (2, True)
    assert any(entry["event"] == "lane.opened" for entry in said)
    assert line.pick() == []
    line.peek("UPDATE outrider.lanes SET blocked_until = clock_timestamp() - interval '1 ms'")
    [probe] = line.pick()
    bench.runner.run(failing(None), [probe], bench.tenant)
    assert line.state() == (0, False)
    assert len(line.pick()) == 1


@pytest.mark.parametrize("error", [Permanent("no such person"), KeyError("a bug")])
def test_a_bad_job_or_a_bug_says_nothing_about_the_lane(
    bench: Bench, line: Line, error: Exception
) -> None:
    def handler(_job: Any, _ctx: Context) -> None:
        raise error

    actor = Spec(Keyed, handler, "toys", AT_ONCE, timedelta(seconds=10), rule=RULE)
    line.wait(bench.tenant, 1)
    bench.runner.run(actor, line.pick(), bench.tenant)
    assert line.state() == (0, False)


def test_the_last_attempt_counts_too(bench: Bench, line: Line, peek: Callable[..., Any]) -> None:
    [job_id] = line.wait(bench.tenant, 1)
    peek("UPDATE outrider.jobs SET max_attempts = 1")
    line.pick()
    bench.runner.run(failing(Transient("away")), [job_id], bench.tenant)
    assert line.state() == (1, False)
    assert peek("SELECT error_class FROM outrider.dead_letters") == [("Transient",)]
