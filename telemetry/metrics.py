"""Prometheus series of this process, in a registry of our own. Refuses labels without a bound."""

import platform
import time
from collections.abc import Callable, Iterable
from importlib import metadata

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client.registry import Collector

from telemetry.fleet_gauges import FleetGauges, Readings, Series

__all__ = ["CONTENT_TYPE", "REGISTRY", "SERIES", "beat", "exposition", "rest", "watch"]

REGISTRY = CollectorRegistry()
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
SERIES: list[Series] = []
"""Every series of a process beside those of the fleet."""


def _told(series: Series) -> tuple[str, str, tuple[str, ...]]:
    SERIES.append(series)
    return series.name.removesuffix("_total"), series.meaning, series.labels


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(*_told(Series(name, meaning, labels, "counter")), registry=REGISTRY)


def _histogram(name: str, meaning: str, *labels: str) -> Histogram:
    told = _told(Series(name, meaning, labels, "histogram"))
    return Histogram(*told, buckets=_SECONDS, registry=REGISTRY)


# fmt: off
JOBS = _counter("outrider_jobs_total", "Attempts by how they ended: done, failed, postponed, parked, dead, fenced, unsettled.", "actor", "outcome")
JOB_SECONDS = _histogram("outrider_job_seconds", "From the claim of an attempt to its verdict.", "actor")
WAIT_SECONDS = _histogram("outrider_wait_seconds", "From when a job could first have started, enqueued and due, to its first claim.", "actor")
LEASE_LOST = _counter("outrider_lease_lost_total", "Attempts fenced off because the job was no longer theirs, and sessions given up for dead.")
SWEPT = _counter("outrider_swept_total", "What sweeps found: `rung_again` tickets that got lost, `recovered` jobs of dead processes or past their deadline, `buried` jobs of that sort whose attempts were spent.", "kind")
TICKETS = _counter("outrider_tickets_total", "Tickets that were `rung`, `stale` when they arrived, or `refused` as unreadable.", "kind")
REDIS_UP = Gauge(*_told(Series("outrider_redis_up", "1 while Redis carries this process's tickets, else 0.", ("user",))), registry=REGISTRY)
REQUESTS = _counter("outrider_http_requests_total", "Answers of the HTTP edge.", "route", "status")
REQUEST_SECONDS = _histogram("outrider_http_seconds", "Time to an answer of the HTTP edge.", "route")
# fmt: on
_OWN = (
    Series(
        "outrider_build_info", "Always 1: which version this process is.", ("version", "python")
    ),
    Series(
        "outrider_thread_beat_age_seconds",
        "Seconds since a thread of the process (dispatcher, mailroom) last finished a round.",
        ("thread",),
    ),
)
SERIES.extend(_OWN)
_BUILD = (metadata.version("outrider"), platform.python_version())
_beats: dict[str, float] = {}


def beat(thread: str) -> None:
    """A thread of this process has finished a round of what it does for ever."""
    _beats[thread] = time.monotonic()


def rest(thread: str) -> None:
    """That thread was told to stop: its silence means nothing from now on. Idempotent."""
    _beats.pop(thread, None)


class _Process(Collector):
    def describe(self) -> Iterable[GaugeMetricFamily]:
        return self.collect()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        build, ages = (GaugeMetricFamily(own.name, own.meaning, labels=own.labels) for own in _OWN)
        build.add_metric(_BUILD, 1)
        for thread, at in sorted(_beats.items()):
            ages.add_metric((thread,), time.monotonic() - at)
        yield build
        yield ages


REGISTRY.register(_Process())


def watch(read: Callable[[], Readings], registry: CollectorRegistry = REGISTRY) -> Collector:
    """Add the fleet's gauges to a registry; `read` runs at every scrape.

    Returns what `registry.unregister` takes.
    """
    gauges = FleetGauges(read)
    registry.register(gauges)
    return gauges


def exposition(registry: CollectorRegistry = REGISTRY) -> bytes:
    """All series in the text format that `CONTENT_TYPE` names."""
    return generate_latest(registry)
