"""`outrider top`: the whole fleet on one screen; what stands still comes with its reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Annotated

import typer

from db import Tx, backoffs
from db import fleet_views as fleet
from db.backoffs import Backoff
from scripts.options import Json
from scripts.output import Row, out, print_json, records, show
from scripts.session import open_database

_ROWS = 12


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everything the screen shows, read at one moment."""

    lag: fleet.Lag
    sessions: list[fleet.Live]
    depth: list[fleet.Depth]
    backoffs: list[Backoff]
    lanes: list[fleet.LaneNews]
    throughput: list[fleet.Throughput]
    dead: list[fleet.DeadKind]
    doubts: list[fleet.DoubtKind]
    cron: list[fleet.CronLine]


def top(
    hour: Annotated[
        bool, typer.Option("--hour", help="What finished in the last hour, not five minutes.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what waits, who works, what stands still and why, and what finished lately."""
    with open_database() as (database, _), database.hat("operator") as tx:
        found = read(tx, span=timedelta(hours=1) if hour else timedelta(minutes=5))
    if as_json:
        print_json({"lag": records([found.lag])[0], **_lists(found)})
        return
    out.print(_summary(found), highlight=False)
    for title, rows in _tables(found, "hour" if hour else "five minutes"):
        if rows:
            out.print(f"\n{title}", style="bold", highlight=False)
            show(rows, as_json=False, empty="")


def read(tx: Tx, *, span: timedelta) -> Fleet:
    """The fleet as it is now, with what finished within `span`. Needs the operator's hat."""
    return Fleet(
        fleet.lag(tx),
        fleet.sessions(tx),
        fleet.depth(tx),
        backoffs.list_reasons(tx, limit=_ROWS),
        fleet.lanes(tx, limit=_ROWS),
        fleet.throughput(tx, span=span),
        fleet.dead(tx, limit=_ROWS),
        fleet.doubts(tx),
        fleet.cron(tx),
    )


def _lists(found: Fleet) -> dict[str, object]:
    return {f.name: records(getattr(found, f.name)) for f in fields(found) if f.name != "lag"}


def _summary(found: Fleet) -> str:
    threads = sum(one.threads for one in found.sessions)
    waiting = sum(d.jobs for d in found.depth if d.state == "ready")
    late = max(found.lag.pickable_seconds, found.lag.promotable_seconds)
    parts = [
        f"{len(found.sessions)} processes with {threads} threads",
        f"{waiting} ready",
        f"dispatch is {span_of(late)} behind",
        f"{sum(k.letters for k in found.dead)} dead letters",
        f"{sum(d.calls for d in found.doubts)} doubts",
    ]
    return "; ".join(parts) + "."


def _tables(found: Fleet, lately: str) -> Sequence[tuple[str, Sequence[Row]]]:
    return (
        ("Unfinished work", [_Waiting.of(d) for d in found.depth]),
        ("Delayed, to be tried again", [_Backoff.of(one) for one in found.backoffs]),
        ("Lanes that wait or stand still", [_Lane.of(one) for one in found.lanes]),
        (f"Finished in the last {lately}", [_Done.of(t) for t in found.throughput]),
        ("Dead letters (outrider dead list)", [_Dead.of(k) for k in found.dead]),
        ("Doubts (outrider jobs doubts)", [_Doubt.of(d) for d in found.doubts]),
        ("Processes", [_Process.of(s) for s in found.sessions]),
        ("Schedules that are late or missed fires", [
            _Late.of(line) for line in found.cron if line.overdue_seconds > 1 or line.missed]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Waiting:
    actor: str
    state: str
    jobs: str
    oldest: str
    threads: str

    @classmethod
    def of(cls, d: fleet.Depth) -> "_Waiting":
        served = str(d.threads) if d.threads else "none: nobody serves it"
        late = "on time" if d.state == "delayed" and not d.oldest_seconds else span_of(d.oldest_seconds)  # fmt: skip
        return cls(d.actor, d.state, f"{'about ' * d.estimated}{d.jobs}", late, served)


@dataclass(frozen=True, slots=True)
class _Backoff:
    actor: str
    tenant: str | None
    jobs: int
    next: str
    because: str

    @classmethod
    def of(cls, one: Backoff) -> "_Backoff":
        return cls(one.actor, one.tenant, one.jobs, _clock(one.next_at), one.because or "")


@dataclass(frozen=True, slots=True)
class _Lane:
    actor: str
    tenant: str | None
    key: str
    state: str
    ready: int
    in_flight: str
    oldest: str
    because: str

    @classmethod
    def of(cls, one: fleet.LaneNews) -> "_Lane":
        flying = f"{one.in_flight} of {one.max_running}" if one.max_running else str(one.in_flight)
        return cls(one.actor, one.tenant, one.key, one.state, one.ready, flying,
                   span_of(one.oldest_seconds), _because(one))  # fmt: skip


def _because(one: fleet.LaneNews) -> str:
    if one.blocked_until and one.state == "blocked":
        return f"until {_clock(one.blocked_until)}: {one.blocked_because}"
    if one.state == "probing":
        return f"one job tries whether it works again: {one.blocked_because}"
    if one.next_start and one.ready:
        return f"its rate allows a start at {_clock(one.next_start)}"
    return "see outrider lanes" if one.state == "paused" else ""


@dataclass(frozen=True, slots=True)
class _Done:
    actor: str
    done: int
    dead: int
    cancelled: int
    attempts: int
    wait_p50: str
    wait_p95: str
    run_p50: str
    run_p95: str

    @classmethod
    def of(cls, t: fleet.Throughput) -> "_Done":
        spans = (t.wait_p50, t.wait_p95, t.run_p50, t.run_p95)
        return cls(t.actor, t.done, t.dead, t.cancelled, t.attempts, *map(span_of, spans))


@dataclass(frozen=True, slots=True)
class _Dead:
    fingerprint: str
    actor: str
    letters: int
    first: str
    last: str
    example: int
    error: str

    @classmethod
    def of(cls, k: fleet.DeadKind) -> "_Dead":
        return cls(k.fingerprint, k.actor, k.letters, _clock(k.first_at), _clock(k.last_at),
                   k.example_id, f"{k.error_class}: {k.example[:120]}")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Doubt:
    kind: str
    calls: int
    oldest: str
    reason: str

    @classmethod
    def of(cls, d: fleet.DoubtKind) -> "_Doubt":
        return cls(d.kind, d.calls, span_of(d.oldest_seconds), d.reason)


@dataclass(frozen=True, slots=True)
class _Process:
    id: int
    host: str
    pid: int
    threads: int
    running: int
    silent: str
    longest_job: str

    @classmethod
    def of(cls, s: fleet.Live) -> "_Process":
        return cls(s.id, s.host, s.pid, s.threads, s.running, span_of(s.silent_seconds),
                   span_of(s.oldest_running_seconds))  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Late:
    schedule: str
    overdue: str
    missed_today: int
    next: str

    @classmethod
    def of(cls, line: fleet.CronLine) -> "_Late":
        return cls(line.name, span_of(line.overdue_seconds), line.missed, _clock(line.next_at))


_UNITS: tuple[tuple[float, str, Callable[[float], str]], ...] = (
    (1, "ms", lambda s: f"{s * 1000:.0f}"),
    (120, "s", lambda s: f"{s:.1f}"),
    (7200, "min", lambda s: f"{s / 60:.0f}"),
    (172_800, "h", lambda s: f"{s / 3600:.1f}"),
)


def span_of(seconds: float | None) -> str:
    """A span for people: 12 ms, 3.4 s, 5 min, 7.5 h, 4 d; a dash for none."""
    if seconds is None:
        return "-"
    for below, unit, number in _UNITS:
        if seconds < below:
            return f"{number(seconds)} {unit}"
    return f"{seconds / 86_400:.0f} d"


def _clock(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")
