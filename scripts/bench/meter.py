"""CPU seconds by who used them, and how fast a count rises: the instruments of a measurement."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from redis import Redis

from db import bench_facts
from db.pool import Connection

_PROC = Path("/proc")
_EVERY, _RARELY = 0.05, 20
"""Seconds between two looks, and how many times longer than the looks the pauses are at least."""


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds used so far; None where the system does not tell, as for a server elsewhere."""

    workers: float | None
    postgres: float | None
    redis: float


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds for one piece of work; None where nothing told."""

    workers: float | None
    postgres: float | None
    redis: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """How fast something was done between its first and last tenth, and what each piece cost."""

    per_second: float
    cpu_ms: Cost


class Meter:
    """Reads the CPU of given processes, of Postgres with all its children, and of Redis."""

    def __init__(self, conn: Connection, redis: Redis) -> None:
        self._redis = redis
        own = _fields(bench_facts.backend(conn))
        self._postmaster = int(own[1]) if own else None

    def read(self, pids: Sequence[int]) -> Cpu:
        """Where the counters stand now."""
        info = cast("dict[str, float]", self._redis.info("cpu"))  # pyright: ignore[reportUnknownMemberType]
        used = [seconds(pid) for pid in pids]
        told = [each for each in used if each is not None]
        return Cpu(
            workers=sum(told) if told else None,
            postgres=self._of_postgres(),
            redis=info["used_cpu_user"] + info["used_cpu_sys"],
        )

    def _of_postgres(self) -> float | None:
        if self._postmaster is None:
            return None
        ticks = 0
        for folder in _PROC.glob("[0-9]*"):
            fields = _fields(int(folder.name))
            if int(folder.name) == self._postmaster:
                ticks += sum(map(int, fields[11:15]))  # with the children that have ended
            elif fields and int(fields[1]) == self._postmaster:
                ticks += sum(map(int, fields[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")


def seconds(pid: int) -> float | None:
    """CPU seconds of one process; None where there is no /proc, or no such process."""
    fields = _fields(pid)
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") if fields else None


def _fields(pid: int) -> list[str]:
    """/proc/PID/stat after the name: state, parent, …, utime at 11, stime, cutime, cstime."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def watch(
    done: Callable[[], int], total: int, meter: Meter, pids: Sequence[int], *, patience: float
) -> Measured:
    """Wait until all is done; measure from a tenth to nine tenths, so that no start or tail counts.

    Raises TimeoutError after `patience` seconds.
    """
    before, begun = _reached(total * 0.1, done, patience)
    used = meter.read(pids)
    _, ended = _reached(total * 0.9, done, patience)
    cpu = _per_piece(used, meter.read(pids), ended.count - begun.count)
    _reached(total, done, patience)
    return Measured((ended.count - before.count) / (ended.at - before.at), cpu)


@dataclass(frozen=True, slots=True)
class _Look:
    count: int
    at: float


def _reached(goal: float, done: Callable[[], int], patience: float) -> tuple[_Look, _Look]:
    """The last look at which the goal was not reached, and the first at which it was."""
    deadline = time.monotonic() + patience
    before = look = _Look(0, time.perf_counter())
    took = 0.0
    while look.count < goal:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{look.count} of {goal:.0f} were done within {patience:.0f} s.")
        time.sleep(max(_EVERY, _RARELY * took))
        began = time.perf_counter()
        before, look = look, _Look(done(), began)
        took = time.perf_counter() - began
    return before, look


def _per_piece(began: Cpu, ended: Cpu, pieces: int) -> Cost:
    """None, too, when all was over between two looks."""

    def cost(first: float | None, last: float | None) -> float | None:
        if first is None or last is None or pieces <= 0:
            return None
        return round((last - first) / pieces * 1000, 4)

    return Cost(
        cost(began.workers, ended.workers),
        cost(began.postgres, ended.postgres),
        cost(began.redis, ended.redis),
    )
