"""Ends a worker process before its memory does: past a size or a count it drains, and asks to be restarted.

Refuses a bound that the process passes by merely starting, which would restart it for ever.
"""

import resource
import sys
import threading
from pathlib import Path
from typing import Final

from schemas.settings import PREFIX
from telemetry import logs, metrics

log = logs.get("outrider.worker")

RECYCLED: Final = 75
"""The exit code (EX_TEMPFAIL) that says: nothing is wrong, start me again."""
_STATM = Path("/proc/self/statm")
_MIB: Final = 1024 * 1024
_EVERY: Final = 1.0


class MemoryTooSmall(Exception):
    """The bound is below what a worker needs to start."""


class Recycler(threading.Thread):
    """Sets `stop` once a bound is passed; `reason` says which, and is empty before."""

    def __init__(
        self, stop: threading.Event, *, memory_max: int | None, max_jobs: int | None
    ) -> None:
        """`memory_max` in MiB, `max_jobs` attempts with a verdict; None: no bound.

        Raises MemoryTooSmall.
        """
        super().__init__(name="recycler", daemon=True)
        self._stop_process = stop
        self._memory_max = memory_max
        self._max_jobs = max_jobs
        self.reason = ""
        if memory_max is not None and (needed := memory()) > memory_max:
            raise MemoryTooSmall(
                f"{PREFIX}MEMORY_MAX: {memory_max} MiB is less than a worker needs to start "
                f"({needed} MiB); allow at least twice that."
            )

    def run(self) -> None:
        """Look once a second, until the process stops for this or any other reason."""
        while not self._stop_process.wait(_EVERY):
            if reason := self._passed():
                self.reason = reason
                log.warning("worker.outgrown", reason=reason, mib=memory(), jobs=attempts())
                self._stop_process.set()

    def _passed(self) -> str:
        if self._memory_max is not None and memory() > self._memory_max:
            return f"{PREFIX}MEMORY_MAX"
        if self._max_jobs is not None and attempts() >= self._max_jobs:
            return f"{PREFIX}MAX_JOBS"
        return ""


def memory() -> int:
    """MiB of this process in memory now; where the system does not tell, its peak."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * resource.getpagesize() // _MIB
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // _MIB


def attempts() -> int:
    """Attempts that this process has brought to a verdict."""
    samples = [sample for family in metrics.JOBS.collect() for sample in family.samples]
    return int(sum(sample.value for sample in samples if sample.name.endswith("_total")))
