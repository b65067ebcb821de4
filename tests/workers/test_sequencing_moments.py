"""A planned mail and its moment, in a fleet whose clock runs: not before, within a minute, or never."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from db import enrollments
from db.clock import run_on_from
from db.enrollments import Enrollment
from schemas.enums import StopReason
from schemas.jobs import SendStep
from tests.factories import claim, pick, promote, session
from tests.fix_outreach import MONDAY, Outreach
from tests.fix_world import Fleet, until
from workers.actor import registered

MINUTE = timedelta(minutes=1)


@pytest.mark.system(38)
def test_a_planned_mail_leaves_in_its_minute_or_never_and_outlives_the_worker_that_had_it(
    outreach: Outreach, fleet: Callable[..., Fleet], owner_dsn: str
) -> None:
    """A mail scheduled for T leaves in [T, T+60 s]; cancelled before T never leaves; a crash in
    processing is recovered by lease
    """
    outreach.at(MONDAY.replace(hour=6))  # before the window opens
    people = [outreach.enroll(f"{name}@example.test") for name in ("ann", "bob", "eve")]
    first, second, last = sorted(people, key=lambda one: outreach.steps(one.id)[0].due_at)
    with outreach.database.tenant(outreach.tenant) as tx:
        assert enrollments.stop(tx, second.id, StopReason.OPERATOR, by="test")
    jobs = {one.id: outreach.job_of(outreach.steps(one.id)[0]) for one in people}
    die_at_it(outreach, first, jobs[first.id])

    run_on_from(owner_dsn, moment(outreach, first))
    fleet([registered()[SendStep.name]], lease=timedelta(seconds=1))
    until(lambda: ended(outreach, jobs[first.id]))
    run_on_from(owner_dsn, moment(outreach, last) - timedelta(seconds=1))
    until(lambda: ended(outreach, jobs[second.id]) and ended(outreach, jobs[last.id]))

    assert timedelta(0) <= left_after(outreach, first) <= MINUTE
    assert timedelta(0) <= left_after(outreach, last) <= MINUTE
    known = outreach.peek("SELECT enrollment_id FROM outrider.messages ORDER BY claimed_at")
    assert known == [(first.id,), (last.id,)]
    assert len(outreach.sender.sent) == len(known)


def die_at_it(outreach: Outreach, enrollment: Enrollment, job_id: int) -> None:
    """A worker claims the job of the waiting step when it is due, and is never heard of again."""
    due_at = moment(outreach, enrollment)
    for early, is_due in ((timedelta(seconds=1), False), (timedelta(0), True)):
        outreach.at(due_at - early)
        promote(outreach.database)
        assert (job_id in pick(outreach.database, SendStep.name)) is is_due
    gone = session(outreach.database, SendStep.name)
    assert claim(outreach.database, outreach.tenant, job_id, session_id=gone)


def moment(outreach: Outreach, enrollment: Enrollment) -> datetime:
    return outreach.steps(enrollment.id)[0].due_at


def ended(outreach: Outreach, job_id: int) -> bool:
    return bool(outreach.peek("SELECT 1 FROM outrider.job_log WHERE job_id = %s", job_id))


def left_after(outreach: Outreach, enrollment: Enrollment) -> timedelta:
    """How long after its moment the mail was claimed, by the clock of the business."""
    [(claimed_at,)] = outreach.peek(
        "SELECT claimed_at FROM outrider.messages WHERE enrollment_id = %s", enrollment.id
    )
    return claimed_at - moment(outreach, enrollment)
