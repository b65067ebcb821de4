"""`outrider bench delayed`: what millions of waiting rows cost a dispatcher that has nothing to do."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer

from db import bench, bench_loads, dispatch
from scripts.bench.scene import Scene, scene
from scripts.options import Json
from scripts.output import out, print_json

_FEW = 10_000
_TENANTS = 200
_AT_ONCE = 500
"""Rows that a dispatcher promotes in one round (workers/dispatcher.py)."""
_WINDOW = 32
_LEASE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Poll:
    """Rounds of an idle dispatcher: promote and pick in one transaction that finds nothing."""

    rows: int
    p10_ms: float
    """What a round takes when the machine does nothing else."""
    p50_ms: float
    p99_ms: float
    size: bench_loads.Size


@dataclass(frozen=True, slots=True)
class Figures:
    """What `--json` prints."""

    machine: dict[str, object]
    rounds: int
    few: Poll
    many: Poll
    few_again: Poll
    ratio: float
    """p50 with many rows to the mean of p50 with few, before and after."""
    p10_ratio: float
    p99_ratio: float
    loaded_per_second: float
    promoted_per_second: float


def delayed(
    rows: Annotated[int, typer.Option(min=_FEW, help="Rows that wait.")] = 10_000_000,
    rounds: Annotated[int, typer.Option(min=20, help="Idle rounds to time.")] = 1000,
    due: Annotated[int, typer.Option(min=1000, help="Rows to promote.")] = 20_000,
    as_json: Json = False,
) -> None:
    """Time idle rounds with ten thousand rows, with many, and with ten thousand again."""
    with scene() as place:
        bench.prepare(place.owner_dsn, rows=1)
        tenants = [place.tenant() for _ in range(_TENANTS)]
        few = _loaded(place, tenants, _FEW, rounds)
        started = time.perf_counter()
        bench_loads.delay(place.owner, rows=rows - _FEW, tenants=tenants, due_in="1 day")
        loading = time.perf_counter() - started
        many = _poll(place, rows, rounds)
        promoted = _promote(place, tenants, due)
        bench.prepare(place.owner_dsn, rows=1)
        again = _loaded(place, tenants, _FEW, rounds)
        bench_loads.shrink(place.owner)
        figures = Figures(
            place.facts(), rounds, few, many, again,
            _ratio(many.p50_ms, few.p50_ms, again.p50_ms),
            _ratio(many.p10_ms, few.p10_ms, again.p10_ms),
            _ratio(many.p99_ms, few.p99_ms, again.p99_ms),
            round((rows - _FEW) / loading, 1), round(promoted, 1),
        )  # fmt: skip
    if as_json:
        print_json(asdict(figures))
        return
    out.print(
        f"An idle round with {rows:,} delayed rows takes p50 {many.p50_ms} ms, with {_FEW:,} "
        f"{few.p50_ms} before and {again.p50_ms} after (ratio {figures.ratio}); due rows were "
        f"promoted at {figures.promoted_per_second:,.0f}/s beside them.",
        highlight=False,
    )


def _loaded(place: Scene, tenants: Sequence[UUID], rows: int, rounds: int) -> Poll:
    bench_loads.delay(place.owner, rows=rows, tenants=tenants, due_in="1 day")
    return _poll(place, rows, rounds)


def _poll(place: Scene, rows: int, rounds: int) -> Poll:
    size = bench_loads.settle(place.owner)
    assert bench_loads.count(place.owner, "delayed") >= rows, (
        "the rows that should wait are not there"
    )
    for _ in range(20):  # plans and pages as in a process that has run for a while
        _round(place)
    took = sorted(_round(place) for _ in range(rounds))
    p10, p50, p99 = (_ms(took[int(len(took) * part)]) for part in (0.1, 0.5, 0.99))
    return Poll(rows, p10, p50, p99, size)


def _round(place: Scene) -> float:
    """Seconds of one round, from the first byte to the commit's answer."""
    started = time.perf_counter()
    with place.database.hat("dispatcher", lazy=True) as tx:
        promoted = dispatch.promote(tx, limit=_AT_ONCE)
        picked = dispatch.pick(
            tx, chunks={bench_loads.DELAYED: 1}, window=_WINDOW, lease=_LEASE, alone=False
        )
    took = time.perf_counter() - started
    assert not promoted, "a round was not idle: a row was due"
    assert not picked.tickets, "a round was not idle: a job was ready"
    return took


def _promote(place: Scene, tenants: Sequence[UUID], due: int) -> float:
    """Rows per second that a dispatcher makes ready, a transaction per round."""
    bench_loads.make_due(place.owner, rows=due, tenants=tenants)
    promoted, started = 0, time.perf_counter()
    while promoted < due:
        with place.database.hat("dispatcher", lazy=True) as tx:
            more = dispatch.promote(tx, limit=_AT_ONCE)
        assert more, f"{promoted} of {due} due rows were promoted, and then no more"
        promoted += more
    took = time.perf_counter() - started
    assert bench_loads.count(place.owner, "ready") == due, "promoted rows are not ready"
    return due / took


def _ratio(many: float, *few: float) -> float:
    return round(many / statistics.mean(few), 3)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
