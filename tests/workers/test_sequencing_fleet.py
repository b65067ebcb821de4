"""Many threads on many due steps: each mail leaves once, and the cap of a mailbox holds."""

from collections import Counter
from collections.abc import Callable
from datetime import time

import pytest

from schemas.jobs import SendStep
from schemas.slots import Window
from tests.fix_outreach import MONDAY, THREE, Outreach
from tests.fix_world import Fleet, until
from workers.actor import registered

LEADS, CAP = 60, 25
MORNING = Window(days=frozenset({1, 2}), start=time(0), end=time(12))


@pytest.mark.system(27)
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
