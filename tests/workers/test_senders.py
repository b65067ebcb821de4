"""Which mailbox writes, how much it may, and when it is left alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import time

import pytest

from db import mailbox_days, mailboxes
from schemas.enums import JobState
from schemas.errors import Transient
from schemas.jobs import SendStep
from schemas.slots import Window
from tests.factories import pick, promote
from tests.fix_outreach import MONDAY, Outreach

MORNING = Window(days=frozenset({1, 2}), start=time(0), end=time(12))


@pytest.mark.system(35)
def test_a_mailbox_sends_what_it_may_when_it_is_the_least_used_and_its_server_takes_mail(
    outreach: Outreach, sick: list[str]
) -> None:
    """200 racing reservations against a cap of 50 give 50 (measured); the least used healthy sender
    is chosen; 5 failures in a row pause it
    """
    sick.append("mailboxes.cap")  # reserved without a mail
    raced = outreach.mailbox("raced@acme.test", cap=50)

    def reserve(_: int) -> bool:
        with outreach.database.tenant(outreach.tenant) as tx:
            return mailbox_days.reserve(tx, raced) is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(reserve, range(200))) == 50
    assert outreach.peek("SELECT sent FROM outrider.mailbox_days") == [(50,)]

    bad, good, paused = (
        outreach.mailbox(f"{name}@acme.test") for name in ("bad", "good", "paused")
    )
    with outreach.database.tenant(outreach.tenant) as tx:
        mailboxes.pause(tx, paused, "test")
    outreach.campaign(bad, good, paused, window=MORNING)
    write_to(outreach, range(12))
    assert conversations(outreach) == {bad: 6, good: 6}

    outreach.at(MONDAY.replace(hour=11, minute=59))  # all are due
    outreach.sender.answer = lambda _: Transient("421 try again")
    waiting = outreach.peek(
        "SELECT id FROM outrider.jobs WHERE actor = 'step.send' AND payload ->> 'mailbox_id' = %s",
        str(bad),
    )
    for (job_id,) in waiting[:5]:
        assert tickets(outreach, waiting), "it still is asked"
        outreach.attempt(job_id)
        assert outreach.bench.state(job_id) == (JobState.DELAYED, 1)
    assert not tickets(outreach, waiting)
    assert len(outreach.sender.sent) == 0
    outreach.sender.answer = lambda _: None
    for (job_id,) in outreach.peek(
        "SELECT id FROM outrider.jobs WHERE actor = 'step.send' AND payload ->> 'mailbox_id' = %s",
        str(good),
    ):
        outreach.attempt(job_id)
    assert len(outreach.sender.sent) == 6
    write_to(outreach, range(12, 15))
    assert conversations(outreach) == {bad: 6, good: 9}


def write_to(outreach: Outreach, numbers: range) -> None:
    for number in numbers:
        outreach.lead(f"p{number}@example.test")
    outreach.fill()


def conversations(outreach: Outreach) -> dict[object, int]:
    return dict(
        outreach.peek("SELECT mailbox_id, count(*) FROM outrider.enrollments GROUP BY mailbox_id")
    )


def tickets(outreach: Outreach, jobs: list[tuple[int]]) -> list[int]:
    """Which of these jobs a worker may begin now."""
    promote(outreach.database)
    pick(outreach.database, SendStep.name)
    return [
        job_id for (job_id,) in outreach.peek("SELECT id FROM outrider.jobs WHERE state = 'dispatched'")
        if (job_id,) in jobs
    ]  # fmt: skip
