"""The worker processes of a run: kept alive, armed, frozen, and watched when one dies."""

import signal
import subprocess
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import count

from db import chaos
from db.pool import DatabaseAway
from scripts.chaos.stage import Stage

_SKEW = (600, -600, 0)
"""Seconds that the clocks of the workers are wrong by, slot by slot."""


@dataclass(slots=True)
class Slot:
    """A place that always has a worker process."""

    number: int
    skew: int
    process: subprocess.Popen[bytes]
    armed: bool = False
    frozen: bool = False


@dataclass(slots=True)
class Outage:
    """Something could not be reached, by the monotonic clock."""

    what: str
    began: float
    ended: float | None = None


@dataclass(slots=True)
class Death:
    """A worker that died without a word, and what it left."""

    at: float
    pid: int
    held: dict[int, chaos.Held] | None = None
    """What it ran, by id; None: Postgres could not be asked yet."""
    freed: float | None = None
    """Seconds until nothing was under its tokens any more."""
    again: float | None = None
    """Seconds until everything ran again or was over."""


@dataclass(slots=True)
class Crew:
    """As many workers as there are slots; call `tick` often."""

    stage: Stage
    size: int
    skewed: bool
    slots: list[Slot] = field(default_factory=list[Slot])
    deaths: list[Death] = field(default_factory=list[Death])
    arms: deque[str] = field(default_factory=deque[str])
    """Named points for workers to come, one each."""
    dark: list[Outage] = field(default_factory=list[Outage])
    """When no worker was up."""
    up: set[int] = field(default_factory=set[int])
    """Slots whose workers beat."""
    odd: Counter[int] = field(default_factory=Counter[int])
    """Exit codes that are no fault's."""
    _logs: "count[int]" = field(default_factory=count)

    def start(self) -> None:
        """Start every worker."""
        for number in range(self.size):
            skew = _SKEW[number % len(_SKEW)] if self.skewed else 0
            self.slots.append(Slot(number, skew, self._spawn(skew, "")))

    def _spawn(self, skew: int, armed: str) -> subprocess.Popen[bytes]:
        log = self.stage.folder / f"worker-{next(self._logs):04}.log"
        if skew:
            return self.stage.spawn("scripts.chaos.skewed", str(skew), log=log, faults=armed)
        return self.stage.spawn("scripts.chaos.worker", log=log, faults=armed)

    def tick(self) -> None:
        """Replace who has ended, and look after what the dead have left."""
        for slot in self.slots:
            code = slot.process.poll()
            if code is None:
                continue
            if code == -signal.SIGKILL:
                self.deaths.append(Death(time.monotonic(), slot.process.pid))
            elif code and code != -signal.SIGTERM:  # told to end while it was still starting
                self.odd[code] += 1
            armed = self.arms.popleft() if self.arms else ""
            slot.process, slot.armed, slot.frozen = (
                self._spawn(slot.skew, armed),
                bool(armed),
                False,
            )
        self._look()
        for death in self.deaths:
            if death.again is None:
                self._follow(death)

    def _look(self) -> None:
        try:
            with self.stage.database.hat("operator") as tx:
                pids = chaos.list_pids(tx, silent=self.stage.lease / 2)
        except DatabaseAway:  # an outage of another kind
            return
        alive = {slot.number for slot in self.slots if slot.process.poll() is None}
        self.up = {n for n in alive if self.slots[n].process.pid in pids} - {
            slot.number for slot in self.slots if slot.frozen
        }
        now = time.monotonic()
        if not self.up and (not self.dark or self.dark[-1].ended):
            self.dark.append(Outage("workers", now))
        if self.up and self.dark and not self.dark[-1].ended:
            self.dark[-1].ended = now

    def can_spare(self, number: int) -> bool:
        """Whether another worker is up, who can go on with the work."""
        return bool(self.up - {number})

    def _follow(self, death: Death) -> None:
        try:
            with self.stage.database.hat("operator") as tx:
                if death.held is None:
                    death.held = {one.id: one for one in chaos.list_held(tx, death.pid)}
                tokens = [one.token for one in death.held.values()]
                waits = chaos.list_waits(tx, list(death.held), tokens)
        except DatabaseAway:
            return
        passed = time.monotonic() - death.at
        if death.freed is None and not any(wait.held for wait in waits):
            death.freed = passed
        if all(wait.started_at > death.held[wait.id].started_at for wait in waits):
            death.again = passed

    def kill(self, number: int) -> None:
        """SIGKILL."""
        self.slots[number].process.kill()

    def arm(self, number: int, point: str) -> None:
        """Let the next worker die at a named point; somebody is ended for it if nobody will die soon."""
        if not self.arms and not any(slot.armed for slot in self.slots):
            self.end(number)
        self.arms.append(point)

    def end(self, number: int) -> None:
        """SIGTERM."""
        self.slots[number].process.terminate()

    def freeze(self, number: int) -> None:
        """SIGSTOP."""
        self.slots[number].process.send_signal(signal.SIGSTOP)
        self.slots[number].frozen = True

    def thaw(self, number: int) -> None:
        """SIGCONT; idempotent."""
        self.slots[number].process.send_signal(signal.SIGCONT)
        self.slots[number].frozen = False

    def close(self) -> None:
        """End everybody, in order; who does not, by force."""
        for slot in self.slots:
            slot.process.send_signal(signal.SIGCONT)
            slot.process.terminate()
        for slot in self.slots:
            try:
                slot.process.wait(20)
            except subprocess.TimeoutExpired:
                slot.process.kill()
                slot.process.wait()
