"""The fleet as its operator sees it: the views of migration 020, row by row. Needs the operator's hat."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from db.pool import Tx
from schemas.enums import JobState


@dataclass(frozen=True, slots=True)
class Depth:
    """Unfinished work of one actor in one state; `threads` of live processes serve the actor.

    `oldest_seconds`: since it could have started, or did; of delayed jobs how late the latest is.
    `estimated`: counting stopped before the end.
    """

    actor: str
    state: JobState
    jobs: int
    estimated: bool
    oldest_seconds: float
    threads: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", JobState(self.state))


@dataclass(frozen=True, slots=True)
class LaneNews:
    """One lane that waits or may not start work, with what keeps it."""

    actor: str
    tenant: str | None
    key: str
    state: str
    ready: int
    in_flight: int
    oldest_seconds: float | None
    share: float
    max_running: int | None
    next_start: datetime | None
    blocked_until: datetime | None
    blocked_because: str | None


@dataclass(frozen=True, slots=True)
class LaneCount:
    """How many lanes of an actor are in one state."""

    actor: str
    state: str
    lanes: int


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the dispatchers are behind: with picking, and with ending waits."""

    pickable_seconds: float
    promotable_seconds: float


@dataclass(frozen=True, slots=True)
class DeadKind:
    """Open dead letters of one kind."""

    fingerprint: str
    actor: str
    error_class: str
    letters: int
    tenants: int
    first_at: datetime
    last_at: datetime
    example_id: int
    example: str


@dataclass(frozen=True, slots=True)
class Live:
    """A live process, how long it has been silent, and what it runs."""

    id: int
    host: str
    pid: int
    actors: list[str]
    threads: int
    started_at: datetime
    silent_seconds: float
    running: int
    oldest_running_seconds: float | None


@dataclass(frozen=True, slots=True)
class Throughput:
    """What an actor finished within a span; waits and runs in seconds, None where nothing ran."""

    actor: str
    jobs: int
    done: int
    dead: int
    cancelled: int
    attempts: int
    wait_p50: float | None
    wait_p95: float | None
    run_p50: float | None
    run_p95: float | None


@dataclass(frozen=True, slots=True)
class DoubtKind:
    """Calls whose end nobody knows, of one kind and for one reason."""

    kind: str
    reason: str
    calls: int
    tenants: int
    oldest_at: datetime
    oldest_seconds: float
    example: str


@dataclass(frozen=True, slots=True)
class CronLine:
    """A schedule, how late it is, and the fires it missed within a day."""

    name: str
    actor: str
    cron: str
    timezone: str
    is_active: bool
    last_at: datetime | None
    next_at: datetime
    overdue_seconds: float
    missed: int


@dataclass(frozen=True, slots=True)
class TableRows:
    """What the statistics of Postgres say of one of the hot tables."""

    table: str
    live: int
    dead: int


def depth(tx: Tx) -> list[Depth]:
    """Unfinished work by actor and state, in that order."""
    return tx.list(
        Depth,
        """
        SELECT actor, state, jobs, estimated, oldest_seconds, threads
          FROM outrider.fleet_depth ORDER BY actor, state
        """,
    )


def lanes(tx: Tx, *, limit: int) -> list[LaneNews]:
    """Lanes that are not open, then those with the longest wait."""
    return tx.list(
        LaneNews,
        """
        SELECT actor, tenant, key, state, ready, in_flight, oldest_seconds, share, max_running,
               CASE WHEN rate_every IS NOT NULL THEN tat - (burst - 1) * rate_every END AS next_start,
               blocked_until, blocked_because
          FROM outrider.fleet_lanes WHERE state <> 'open' OR ready > 0
         ORDER BY state = 'open', ready = 0, oldest_seconds DESC NULLS LAST, actor, tenant, key
         LIMIT %(limit)s
        """,
        {"limit": limit},
    )


def count_lanes(tx: Tx) -> list[LaneCount]:
    """Lanes by actor and state."""
    return tx.list(
        LaneCount,
        """
        SELECT actor, state, count(*) AS lanes FROM outrider.lane_standings
         GROUP BY actor, state ORDER BY actor, state
        """,
    )


def lag(tx: Tx) -> Lag:
    """How far the dispatchers are behind."""
    return tx.one(Lag, "SELECT pickable_seconds, promotable_seconds FROM outrider.fleet_lag")


def dead(tx: Tx, *, limit: int) -> list[DeadKind]:
    """Kinds of open dead letters, the most frequent first."""
    return tx.list(
        DeadKind,
        """
        SELECT fingerprint, actor, error_class, letters, tenants, first_at, last_at, example_id,
               example
          FROM outrider.fleet_dead ORDER BY letters DESC, last_at DESC, fingerprint, actor LIMIT %(limit)s
        """,
        {"limit": limit},
    )


def sessions(tx: Tx) -> list[Live]:
    """Live processes, the longest silent first."""
    return tx.list(
        Live,
        """
        SELECT id, host, pid, actors, threads, started_at, silent_seconds, running,
               oldest_running_seconds
          FROM outrider.fleet_sessions ORDER BY silent_seconds DESC, id
        """,
    )


def throughput(tx: Tx, *, span: timedelta) -> list[Throughput]:
    """What finished within `span` (five minutes or an hour; no other is kept), by actor."""
    return tx.list(
        Throughput,
        """
        SELECT actor, jobs, done, dead, cancelled, attempts, wait_p50, wait_p95, run_p50, run_p95
          FROM outrider.fleet_throughput WHERE span = %(span)s ORDER BY actor
        """,
        {"span": span},
    )


def doubts(tx: Tx) -> list[DoubtKind]:
    """Calls whose end nobody knows, by kind and reason, the oldest first."""
    return tx.list(
        DoubtKind,
        """
        SELECT kind, reason, calls, tenants, oldest_at,
               extract(epoch FROM clock_timestamp() - oldest_at)::double precision AS oldest_seconds,
               example
          FROM outrider.fleet_doubts ORDER BY oldest_at
        """,
    )


def cron(tx: Tx) -> list[CronLine]:
    """Every schedule, by name."""
    return tx.list(
        CronLine,
        """
        SELECT name, actor, cron, timezone, is_active, last_at, next_at, overdue_seconds, missed
          FROM outrider.fleet_cron ORDER BY name
        """,
    )


def history_age(tx: Tx) -> float | None:
    """Seconds since the end of the oldest day of the job log that is kept; None when none is over."""
    age = tx.value("SELECT outrider.history_age()")
    return None if age is None else float(str(age))


def oldest_transaction(tx: Tx) -> float | None:
    """Age of the oldest transaction of others in seconds; None when there is none to be seen."""
    age = tx.value("SELECT outrider.oldest_transaction()")
    return None if age is None else float(str(age))


def table_rows(tx: Tx) -> list[TableRows]:
    """Live and dead rows of the hot tables, as far as the statistics know."""
    return tx.list(
        TableRows,
        """
        SELECT relname AS table, n_live_tup AS live, n_dead_tup AS dead
          FROM pg_catalog.pg_stat_user_tables
         WHERE schemaname = 'outrider' AND relname IN ('jobs', 'lanes', 'sessions', 'effects')
         ORDER BY relname
        """,
    )
