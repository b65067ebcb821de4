"""Moves business time on, and only when nothing is left to do in the present.

The clock jumps to the next moment at which anybody, the fleet or a prospect, has something to do.
No step is skipped and no wait is cut short: by the business clock each takes as long as it says.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from db import Database, clock, quiet
from db.quiet import Stillness
from scripts.demo.prospects import Crowd
from scripts.services import ServerFailed
from telemetry.bell import Bell

_GLANCE, _LONGEST_GLANCE = 0.02, 0.16
"""Seconds between two looks: first, and at most; who works hard is not to be asked all the time."""
_HOUR = timedelta(hours=1)
_MOMENT = timedelta(milliseconds=1)
_STUCK = 90.0
"""Seconds without rest and without one job done after which somebody has to look."""


class Stuck(ServerFailed):
    """The fleet has been at something for too long."""


def next_moment(
    still: Stillness,
    answer_due: datetime | None,
    last_answer: Callable[[datetime], datetime | None],
) -> datetime | None:
    """To when the clock may jump from stillness; None: to no moment, everything has ended.

    All waits that end within one hour by the clock end together: no wait is shorter for it, and no
    window closes within a full hour that did not close before it. `last_answer` tells when the last
    answer before a moment is due.
    """
    if still.next_due is None and answer_due is None:
        return None
    first = min(moment for moment in (still.next_due, answer_due) if moment)
    full_hour = first.replace(minute=0, second=0, microsecond=0) + _HOUR
    ends = [first, last_answer(full_hour) or first]
    if still.next_due and still.next_due < full_hour and still.block_end:
        ends.append(min(still.block_end, full_hour - _MOMENT))
    return max(ends) + _MOMENT


def is_still(still: Stillness, mails_sent: int) -> bool:
    """Whether the fleet has done everything it can do now, and has read everything it was sent."""
    return not still.busy and still.mails >= mails_sent


@dataclass(slots=True)
class _Patience:
    """Runs out when nothing gets done for long."""

    done: int = -1
    since: float = field(default_factory=time.monotonic)

    def note(self, done: int, still: Stillness) -> None:
        """Take down how much is done. Raises Stuck."""
        if done != self.done:
            self.done, self.since = done, time.monotonic()
        elif time.monotonic() - self.since > _STUCK:
            raise Stuck(
                f"Nothing was done for {_STUCK:.0f} s, and there is work: {still}. "
                "See worker.log beside the picture; `outrider jobs list` shows what waits."
            )


@dataclass(slots=True)
class Conductor:
    """Holds the clock of one play."""

    owner_url: str
    database: Database
    bell: Bell
    tenant_id: UUID
    crowd: Crowd
    actors: Sequence[str]
    may_go_on: Callable[[], bool]
    """Whether nobody outside is still at something: posting leads, dying, being replaced."""
    on_rest: Callable[[Stillness], bool]
    """Called at rest; True when it made new work."""
    glance: Callable[[Stillness], int]
    """Called at every look; returns how much was done so far."""
    jumps: int = 0

    def conduct(self) -> None:
        """Let the play run to its end. Raises Stuck when it does not get on."""
        pause = _GLANCE
        patience = _Patience()
        while True:
            still = self._look()
            patience.note(self.glance(still), still)
            self.crowd.give(still.now)
            if not is_still(still, self.crowd.mails_sent) or not self.may_go_on():
                time.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_GLANCE)
                continue
            pause = _GLANCE
            if self.crowd.look() or self.on_rest(still):
                continue
            moment = next_moment(still, self.crowd.next_due, self.crowd.last_due_before)
            if moment is None:
                return
            self._jump(max(moment, still.now))
            patience = _Patience()

    def _look(self) -> Stillness:
        with self.database.tenant(self.tenant_id) as tx:
            return quiet.look(tx)

    def _jump(self, moment: datetime) -> None:
        clock.run_on_from(self.owner_url, moment)
        self.jumps += 1
        self.crowd.give(moment)
        self.bell.ring(self.actors)  # their dispatchers would look by themselves, a little later
