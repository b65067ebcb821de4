"""Prometheus series of this process, in a registry of our own. Refuses labels without a bound."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client.registry import Collector

from schemas.errors import Transient

__all__ = ["CONTENT_TYPE", "REGISTRY", "Depth", "Fleet", "exposition", "watch"]

REGISTRY = CollectorRegistry()
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

JOBS = Counter(
    "outrider_jobs", "Attempts by how they ended.", ("actor", "outcome"), registry=REGISTRY
)
JOB_SECONDS = Histogram(
    "outrider_job_seconds", "Claim to verdict.", ("actor",), buckets=_SECONDS, registry=REGISTRY
)
WAIT_SECONDS = Histogram(
    "outrider_wait_seconds", "Enqueue to claim.", ("actor",), buckets=_SECONDS, registry=REGISTRY
)
LEASE_LOST = Counter("outrider_lease_lost", "Attempts fenced off.", registry=REGISTRY)
TICKETS = Counter(
    "outrider_tickets", "Tickets: rung, stale, refused.", ("kind",), registry=REGISTRY
)
REQUESTS = Counter("outrider_http_requests", "Answers.", ("route", "status"), registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "outrider_http_seconds", "Time to answer.", ("route",), buckets=_SECONDS, registry=REGISTRY
)


@dataclass(frozen=True, slots=True)
class Depth:
    """Unfinished work of one actor in one state, and the age of the oldest in seconds."""

    actor: str
    state: str
    jobs: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Fleet:
    """What the database says about the whole fleet at one moment."""

    depths: Sequence[Depth]
    sessions: int
    dead_open: int


class _FleetGauges(Collector):
    """Asks at every scrape, so that no thread keeps a number warm that nobody reads."""

    def __init__(self, read: Callable[[], Fleet]) -> None:
        self._read = read

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return ()  # else the registry would ask the database at registration

    def collect(self) -> Iterable[GaugeMetricFamily]:
        try:
            fleet = self._read()
        except Transient:
            yield GaugeMetricFamily("outrider_database_up", "Postgres answers.", value=0)
            return
        yield GaugeMetricFamily("outrider_database_up", "Postgres answers.", value=1)
        labels = ("actor", "state")
        jobs = GaugeMetricFamily("outrider_queue_depth", "Unfinished jobs.", labels=labels)
        age = GaugeMetricFamily(
            "outrider_queue_oldest_seconds", "Age of the oldest.", labels=labels
        )
        for depth in fleet.depths:
            jobs.add_metric([depth.actor, depth.state], depth.jobs)
            age.add_metric([depth.actor, depth.state], depth.oldest_seconds)
        yield jobs
        yield age
        yield GaugeMetricFamily("outrider_sessions", "Live worker processes.", value=fleet.sessions)
        yield GaugeMetricFamily("outrider_dead_open", "Open dead letters.", value=fleet.dead_open)


def watch(read: Callable[[], Fleet], registry: CollectorRegistry = REGISTRY) -> Collector:
    """Add the fleet's gauges to a registry; `read` runs at every scrape and may raise Transient.

    Returns what `registry.unregister` takes.
    """
    gauges = _FleetGauges(read)
    registry.register(gauges)
    return gauges


def exposition(registry: CollectorRegistry = REGISTRY) -> bytes:
    """All series in the text format that `CONTENT_TYPE` names."""
    return generate_latest(registry)
