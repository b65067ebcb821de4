"""What the database says about the whole fleet, as Prometheus gauges. Refuses labels without a bound."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class Reading:
    """One number of a gauge: its labels' values, in the order the gauge declares them."""

    labels: tuple[str, ...]
    value: float


Readings = Mapping[str, Sequence[Reading]]
"""What was read at one moment, by the name of the gauge."""


@dataclass(frozen=True, slots=True)
class Series:
    """What a series means, with its labels; the reference page and the runbook rest on it."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    kind: Literal["counter", "gauge", "histogram"] = "gauge"


# fmt: off
PROCESS = (
    Series("outrider_database_up", "1 when Postgres answered this scrape, else 0; then the other readings of the fleet are absent."),
    Series("outrider_pool_connections", "Postgres connections of this process's pool: `open`, `idle`, and the `waiting` threads that have none.", ("kind",)),
)
"""Of this process, and read at the scrape like the rest."""
FLEET = (
    Series("outrider_queue_depth", "Unfinished jobs; counting stops at 100,000 ready ones of a lane and at 20,000 delayed ones.", ("actor", "state")),
    Series("outrider_queue_oldest_seconds", "Age of the oldest: ready and dispatched since it could have started, running and parked since it did; delayed: how overdue the most overdue is.", ("actor", "state")),
    Series("outrider_actor_threads", "Threads of live processes that serve an actor with unfinished work.", ("actor",)),
    Series("outrider_dispatch_lag_seconds", "`pick`: how long ready work has waited that nothing holds back while threads are free; `promote`: how long a wait has been over that was not ended.", ("step",)),
    Series("outrider_lanes", "Lanes by state: open, paused, blocked (the circuit is open), probing (half-open).", ("actor", "state")),
    Series("outrider_sessions", "Live worker processes."),
    Series("outrider_threads", "Threads of all live worker processes."),
    Series("outrider_session_silent_seconds", "The longest silence of a process that still counts as live."),
    Series("outrider_dead_open", "Open dead letters."),
    Series("outrider_dead_letters", "Open dead letters of the 20 most frequent kinds.", ("actor", "error_class", "fingerprint")),
    Series("outrider_doubts", "Calls to the outside world whose end nobody knows, by the first word of their key.", ("kind",)),
    Series("outrider_doubt_oldest_seconds", "Age of the oldest call whose end nobody knows."),
    Series("outrider_cron_overdue_seconds", "How long ago an active schedule should have fired and has not.", ("schedule",)),
    Series("outrider_cron_missed", "Fires skipped within the last day because nobody was there.", ("schedule",)),
    Series("outrider_history_oldest_seconds", "Seconds since the end of the oldest day of the job log that is still kept; absent while none is over."),
    Series("outrider_oldest_transaction_seconds", "Age of the oldest transaction of the database, behind which nothing can be cleaned up; absent where the owner may not look."),
    Series("outrider_table_rows", "Rows of a table by the statistics of Postgres: live, or dead and not yet cleaned up.", ("table", "kind")),
)
# fmt: on


class FleetGauges(Collector):
    """Asks at every scrape, so that no thread keeps a number warm that nobody reads."""

    def __init__(self, read: Callable[[], Readings]) -> None:
        """`read` runs at every scrape."""
        self._read = read

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing: else the registry would ask the database at registration."""
        return ()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Every gauge of `PROCESS` and `FLEET` that was read."""
        readings = self._read()
        for gauge in (*PROCESS, *FLEET):
            family = GaugeMetricFamily(gauge.name, gauge.meaning, labels=gauge.labels)
            for reading in readings.get(gauge.name, ()):
                family.add_metric(reading.labels, reading.value)
            if family.samples:
                yield family
