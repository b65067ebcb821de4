"""Does a lease survive a process that is frozen for a while on a machine with too much to do?"""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass

from db import bench, bench_recovery
from scripts.bench.bench_fleet import processes, stop, until
from scripts.bench.scene import Scene
from scripts.signals import die_with_parent

_BURN = "while True: sum(range(10**6))"
_LOOK = 0.05


@dataclass(frozen=True, slots=True)
class Freezes:
    """How often a process was frozen, for how long, and how often it was given up for dead."""

    times: int
    seconds: float
    burners: int
    lost: int
    longest_silence_s: float


def freeze(place: Scene, lease: float, times: int, seconds: float) -> Freezes:
    """Freeze one of two worker processes while every core has two other things to do."""
    bench.prepare(place.owner_dsn, rows=1)
    burners = 2 * (os.cpu_count() or 1)
    lost, longest = 0, 0.0
    with ExitStack() as stack:
        workers = processes("scripts.bench.durable", [], place.settings, count=2,
                            OUTRIDER_LEASE=str(lease))  # fmt: skip
        pid, *_ = pids = stack.enter_context(workers)
        until(lambda: len(bench_recovery.sessions(place.owner, pids)) == len(pids), patience=60)
        for _ in range(burners):
            burner = subprocess.Popen([sys.executable, "-c", _BURN],
                                      preexec_fn=die_with_parent(signal.SIGKILL))  # noqa: PLW1509  # fmt: skip
            stack.callback(stop, burner)
        for _ in range(times):
            before = bench_recovery.sessions(place.owner, [pid])
            longest = max(longest, _freeze(place, pid, seconds, lease))
            lost += bench_recovery.sessions(place.owner, [pid]) != before
    return Freezes(times, seconds, burners, lost, round(longest, 2))


def _freeze(place: Scene, pid: int, seconds: float, lease: float) -> float:
    """The longest silence from the freeze until two heartbeats after it."""
    longest, ends = 0.0, time.monotonic() + seconds + 2 * lease / 5
    thawed = time.monotonic() + seconds
    os.kill(pid, signal.SIGSTOP)
    try:
        while time.monotonic() < thawed:
            longest = max(longest, bench_recovery.silence(place.owner, pid))
            time.sleep(_LOOK)
    finally:
        os.kill(pid, signal.SIGCONT)
    while time.monotonic() < ends:
        longest = max(longest, bench_recovery.silence(place.owner, pid))
        time.sleep(_LOOK)
    return longest
