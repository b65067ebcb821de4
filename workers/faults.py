"""Named points at which a worker can be told to kill itself, so that a crash can be tested.

`OUTRIDER_FAULTS="effect.after_call@200"` dies without a word at the 200th passing of that point.
Unarmed, a point costs one attribute look-up. Production settings refuse to arm one.
"""

import itertools
import os
import signal
from collections.abc import Iterator

POINTS = (
    "dispatch.after_commit",  # jobs are on their way by the book, no ticket is
    "claim.before",  # the ticket is read, nothing is claimed
    "claim.after",  # the attempt counts, the body has not begun
    "effect.after_intent",  # the ledger knows, the outside world does not
    "effect.after_call",  # the outside world knows, the ledger is not settled
    "commit.after",  # the work is committed, the ticket is not acknowledged
)


class UnknownFault(Exception):
    """A fault names no point that exists, or is not written as point@number."""


class Faults:
    """Which points are armed, and how often each still lets its passer live."""

    def __init__(self, armed: str | None) -> None:
        self._countdown: dict[str, Iterator[int]] = dict(map(_parse, (armed or "").split()))

    def reach(self, point: str) -> None:
        """Pass a named point; the process may end here, with SIGKILL."""
        if not self._countdown:
            return
        countdown = self._countdown.get(point)
        if countdown is not None and next(countdown) == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _parse(text: str) -> tuple[str, Iterator[int]]:
    point, _, number = text.partition("@")
    if point not in POINTS or not (number or "1").isdigit() or number == "0":
        raise UnknownFault(
            f"OUTRIDER_FAULTS: {text!r} is not point@number with a point of {', '.join(POINTS)}."
        )
    return point, itertools.count(int(number or "1") - 1, -1)
