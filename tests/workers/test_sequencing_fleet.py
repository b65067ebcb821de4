"""Many threads on many due steps: each mail leaves once, and the cap of a mailbox holds."""

from collections import Counter
from collections.abc import Callable
from datetime import time, timedelta

import pytest

from schemas.jobs import SendStep
from schemas.mails import Accepted
from schemas.slots import Window
from tests.factories import claim, pick, promote, session
from tests.fix_outreach import MONDAY, THREE, Outreach
from tests.fix_world import Fleet, until
from workers.actor import registered

LEADS, CAP = 60, 25


class Crash(BaseException):
    """The process ends here."""


MORNING = Window(days=frozenset({1, 2}), start=time(0), end=time(12))


@pytest.mark.system(27)
@pytest.mark.parametrize(
    "many", [40, pytest.param(2_000, marks=[pytest.mark.long, pytest.mark.timeout(300)])]
)
def test_eight_workers_send_each_due_step_once_though_two_others_died_over_it(
    outreach: Outreach, fleet: Callable[..., Fleet], many: int
) -> None:
    """8 workers on 2,000 due steps: each claimed once (measured) and sent once; killing a worker
    after claim but before send re-runs the step after the lease, after send does not
    """
    boxes = [outreach.mailbox(f"m{n}@acme.test", cap=many) for n in range(8)]
    outreach.campaign(*boxes, texts=THREE[:1], window=MORNING)
    for number in range(many):
        outreach.lead(f"p{number}@example.test")
    outreach.fill()
    outreach.at(MONDAY.replace(hour=11, minute=59))  # the last minute of the window: all are due
    promote(outreach.database)
    unsent, sent, *_ = pick(outreach.database, SendStep.name, lease=timedelta(0))
    die_before_the_call(outreach, unsent)
    die_after_the_call(outreach, sent)
    assert len(outreach.sender.sent) == 1

    for _ in range(2):  # two processes of four threads
        fleet([registered()[SendStep.name]], threads=4, lease=timedelta(seconds=2))
    until(
        lambda: (
            not outreach.peek(
                "SELECT 1 FROM outrider.jobs WHERE actor = 'step.send' AND state <> 'parked'"
            )
        ),
        seconds=20 + many / 10,
    )
    recipients = Counter(mail.recipient for mail in outreach.sender.sent)
    assert (len(recipients), set(recipients.values())) == (many, {1})
    assert outreach.peek("SELECT id FROM outrider.jobs WHERE state = 'parked'") == [(sent,)]
    claims = outreach.peek(
        "SELECT attempt, count(*) FROM outrider.job_log WHERE actor = 'step.send' GROUP BY attempt"
    )
    assert dict(claims) == {1: many - 2, 2: 1}


def die_before_the_call(outreach: Outreach, job_id: int) -> None:
    gone = session(outreach.database, SendStep.name)
    assert claim(outreach.database, outreach.tenant, job_id, session_id=gone)


def die_after_the_call(outreach: Outreach, job_id: int) -> None:
    plain = outreach.sender.send

    def send(*args: object, **known: object) -> Accepted:
        plain(*args, **known)  # type: ignore[arg-type]
        raise Crash

    outreach.sender.send = send  # type: ignore[method-assign]
    with pytest.raises(Crash):
        outreach.bench.runner.run(registered()[SendStep.name], [job_id], outreach.tenant)
    outreach.sender.send = plain  # type: ignore[method-assign]


@pytest.mark.system(35)
def test_eight_threads_send_each_due_step_once_and_no_mailbox_sends_too_much(
    outreach: Outreach, fleet: Callable[..., Fleet]
) -> None:
    boxes = [outreach.mailbox(f"m{n}@acme.test", cap=CAP) for n in range(2)]
    outreach.campaign(*boxes, texts=THREE[:1], window=MORNING)
    for number in range(LEADS):
        outreach.lead(f"p{number}@example.test")
    outreach.fill()
    outreach.at(MONDAY.replace(hour=11, minute=59))  # the last minute of the window: all are due
    fleet([registered()[SendStep.name]], threads=8)
    until(lambda: not outreach.peek(
        "SELECT 1 FROM outrider.jobs WHERE actor = 'step.send' AND due_at <= outrider.now()"))  # fmt: skip
    sent = Counter(mail.recipient for mail in outreach.sender.sent)
    assert set(sent.values()) == {1}
    assert len(sent) == 2 * CAP
    assert outreach.peek("SELECT sent, cap FROM outrider.mailbox_days") == [(CAP, CAP)] * 2
    waiting = outreach.peek(
        "SELECT because FROM outrider.step_executions WHERE status = 'scheduled'"
    )
    assert len(waiting) == LEADS - 2 * CAP
    assert all(f"sent its {CAP} mails of today" in because for (because,) in waiting)
