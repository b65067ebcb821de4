"""The life of an enrollment as a machine: which moves are there, and that each one moves the fence."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Tx, enrollments, steps
from db.enrollments import Enrollment
from schemas.enums import EnrollmentStatus as S
from schemas.enums import StepStatus, StopReason
from tests.fix_outreach import MONDAY, Outreach

MOVES: dict[str, dict[S, S]] = {
    "hold": {S.ACTIVE: S.HELD, S.PAUSED: S.HELD},
    "pause": {S.ACTIVE: S.PAUSED, S.HELD: S.PAUSED, S.PAUSED: S.PAUSED},
    "release": {S.HELD: S.ACTIVE, S.PAUSED: S.ACTIVE},
    "complete": {S.ACTIVE: S.COMPLETED},
    "stop": dict.fromkeys([S.ACTIVE, S.HELD, S.PAUSED, S.COMPLETED], S.STOPPED),
}


def make(tx: Tx, bob: Enrollment, move: str) -> bool:
    match move:
        case "hold":
            return enrollments.hold(tx, bob.id, "a reply")
        case "pause":
            return enrollments.pause(tx, bob.id, MONDAY + timedelta(days=9)) is not None
        case "release":
            return enrollments.release(tx, bob.id) is not None
        case "complete":
            return enrollments.complete(tx, bob.id)
        case _:
            return enrollments.stop(tx, bob.id, StopReason.OPERATOR, by="test")


@given(moves=st.lists(st.sampled_from(sorted(MOVES)), max_size=10))
@settings(max_examples=30, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
def test_every_move_is_in_the_table_and_adds_one_to_the_epoch(
    outreach: Outreach, sick: list[str], moves: list[str]
) -> None:
    sick[:] = ["enrollments.idle", "enrollments.forgotten"]
    number = outreach.peek("SELECT count(*) FROM outrider.leads")[0][0]
    bob = outreach.enroll(f"bob{number}@example.test")
    status, epoch = S.ACTIVE, 1
    for move in moves:
        after = MOVES[move].get(status)
        with outreach.database.tenant(outreach.tenant) as tx:
            assert make(tx, bob, move) == (after is not None)
            found = enrollments.get_locked(tx, bob.id)
        status, epoch = after or status, epoch + (after is not None)
        assert (found.status, found.epoch) == (status, epoch)
        assert (found.stop_epoch == epoch) == (status is S.STOPPED)
    planned = outreach.steps(bob.id)[0].status
    assert planned is (StepStatus.CANCELLED if status is S.STOPPED else StepStatus.SCHEDULED)


def test_stopping_a_lead_ends_what_is_live_and_leaves_what_is_over(outreach: Outreach) -> None:
    bob = outreach.enroll()
    with outreach.database.tenant(outreach.tenant) as tx:
        assert enrollments.find_live_of_lead(tx, bob.lead_id) == bob
        assert (
            enrollments.stop_all_of_lead(tx, bob.lead_id, StopReason.UNSUBSCRIBED, by="page") == 1
        )
        assert (
            enrollments.stop_all_of_lead(tx, bob.lead_id, StopReason.UNSUBSCRIBED, by="page") == 0
        )
        assert enrollments.find_live_of_lead(tx, bob.lead_id) is None
    assert outreach.peek("SELECT stopped_by FROM outrider.enrollments") == [("page",)]


@pytest.mark.system(38)
def test_a_settled_step_is_not_planned_again(outreach: Outreach) -> None:
    bob = outreach.enroll()
    plan = steps.Plan(bob.id, 1, MONDAY + timedelta(days=1), 1, "later")
    with outreach.database.tenant(outreach.tenant) as tx:
        [moved] = steps.plan(tx, [plan])
        assert steps.get(tx, moved.id).because == "later"
        assert steps.cancel(tx, bob.id, "a test") == 1
        assert steps.plan(tx, [plan]) == []
        assert not steps.settle(tx, moved.id, StepStatus.SKIPPED, "twice")
        enrollments.stop(tx, bob.id, StopReason.OPERATOR, by="test")
