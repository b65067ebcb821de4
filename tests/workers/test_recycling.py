"""Recycling: which bound was passed, and which bound makes no sense."""

import threading

import pytest

from telemetry import metrics
from workers.recycling import MemoryTooSmall, Recycler, attempts, memory


def test_memory_is_what_the_process_holds_now() -> None:
    before = memory()
    ballast = bytearray(b"x") * (64 * 2**20)
    assert 60 <= memory() - before <= 80
    assert len(ballast) == 64 * 2**20
    del ballast
    assert memory() - before < 30


def test_a_bound_below_what_a_worker_needs_is_refused_by_name() -> None:
    with pytest.raises(MemoryTooSmall, match=r"^OUTRIDER_MEMORY_MAX: 1 MiB is less than"):
        Recycler(threading.Event(), memory_max=1, max_jobs=None)


def test_without_bounds_nothing_is_ever_passed() -> None:
    stop = threading.Event()
    recycler = Recycler(stop, memory_max=None, max_jobs=None)
    assert recycler._passed() == ""
    stop.set()
    recycler.run()
    assert recycler.reason == ""


def test_attempts_with_a_verdict_are_counted() -> None:
    before = attempts()
    metrics.JOBS.labels("toy.plain", "done").inc()
    metrics.JOBS.labels("toy.plain", "failed").inc(2)
    assert attempts() == before + 3
    stop = threading.Event()
    recycler = Recycler(stop, memory_max=None, max_jobs=before + 3)
    recycler.start()
    assert stop.wait(5)
    recycler.join()
    assert recycler.reason == "OUTRIDER_MAX_JOBS"
