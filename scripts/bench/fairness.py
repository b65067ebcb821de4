"""`outrider bench fairness`: do small tenants notice another one's hundred thousand jobs?"""

import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated
from uuid import UUID

import typer

from db import bench, bench_loads, jobs, lane_orders
from scripts.bench.bench_fleet import processes, until
from scripts.bench.scene import Scene, scene
from scripts.bench.unit import Nap
from scripts.options import Json
from scripts.output import out, print_json

_PROCESSES, _THREADS = 2, 8
_BURST = 5
"""Jobs that a small tenant enqueues at once."""
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Waits:
    """Enqueue to start of the small tenants' jobs, in milliseconds."""

    jobs: int
    p50_ms: float
    p95_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class Share:
    """One way to arrive: the small tenants' waits alone and behind the backlog."""

    arrivals: str
    alone: Waits
    behind: Waits
    p95_ratio: float
    backlog_done: int
    """Jobs of the big tenant that were done in the same time: what was left over was used."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What `--json` prints."""

    machine: dict[str, object]
    seed: int
    tenants: int
    backlog: int
    nap_ms: int
    seconds: float
    threads: int
    shares: list[Share]
    weight_3_to_1: float
    """Jobs done for a tenant of weight 3 to those of one with weight 1, both with a backlog."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The same for both runs: when which tenant enqueues its jobs."""

    tenants: int
    bursts: tuple[tuple[float, int], ...]
    """Seconds from the start, and which tenant."""

    @property
    def jobs(self) -> int:
        """All of them."""
        return len(self.bursts) * _BURST


def arrivals(draw: random.Random, *, tenants: int, seconds: float, rate: float) -> Arrivals:
    """A burst of each tenant first, then of tenants by chance, at `rate` jobs per second in all."""
    count = max(tenants, round(rate * seconds / _BURST))
    who = [*range(tenants), *(draw.randrange(tenants) for _ in range(count - tenants))]
    return Arrivals(tenants, tuple(sorted((draw.uniform(0, seconds), tenant) for tenant in who)))


def rush(*, tenants: int) -> Arrivals:
    """Everybody enqueues four bursts at the same moment: they wait for each other in any case."""
    return Arrivals(tenants, tuple((0.0, tenant) for _ in range(4) for tenant in range(tenants)))


def fairness(
    backlog: Annotated[int, typer.Option(min=100, help="Jobs of the big tenant.")] = 100_000,
    tenants: Annotated[int, typer.Option(min=2, help="Small tenants.")] = 50,
    seconds: Annotated[float, typer.Option(min=1, help="Length of each run.")] = 15.0,
    nap: Annotated[int, typer.Option(min=1, help="Milliseconds that a job takes.")] = 100,
    seed: Annotated[int, typer.Option(help="Draws the arrivals.")] = 1,
    wanted: Annotated[
        list[float],
        typer.Option("--share", min=0.01, max=0.95,
                     help="Part of the fleet's threads that small tenants want; repeat it."),
    ] = [0.1, 0.7],  # noqa: B006  (typer copies it)
    as_json: Json = False,
) -> None:  # fmt: skip
    """Let small tenants' jobs arrive over time, alone and behind a big backlog; compare the waits."""
    with scene() as place:
        shares = [_share(place, "all at once", rush(tenants=tenants), backlog, nap)]
        for part in wanted:
            rate = part * _PROCESSES * _THREADS * 1000 / nap
            draw = random.Random(seed)  # noqa: S311  (arrivals, not secrets)
            plan = arrivals(draw, tenants=tenants, seconds=seconds, rate=rate)
            label = f"by and by, wanting {part:.0%} of the threads"
            shares.append(_share(place, label, plan, backlog, nap))
        weight = _weights(place, backlog // 10, seconds / 3, nap)
        figures = Figures(place.facts(), seed, tenants, backlog, nap, seconds,
                          _PROCESSES * _THREADS, shares, weight)  # fmt: skip
    if as_json:
        print_json(asdict(figures))
        return
    said = "; ".join(
        f"{share.arrivals}, p95 {share.behind.p95_ms} ms, alone {share.alone.p95_ms} ms "
        f"(ratio {share.p95_ratio})"
        for share in shares
    )
    out.print(
        f"{tenants} small tenants behind one with {backlog:,} jobs of {nap} ms: {said}; weight 3 got "
        f"{weight} times what weight 1 got.",
        highlight=False,
    )


def _share(place: Scene, label: str, plan: Arrivals, backlog: int, nap: int) -> Share:
    alone, _ = _run(place, plan, nap, backlog=0)
    behind, done = _run(place, plan, nap, backlog=backlog)
    return Share(label, alone, behind, round(behind.p95_ms / alone.p95_ms, 2), done)


def _run(place: Scene, plan: Arrivals, nap: int, *, backlog: int) -> tuple[Waits, int]:
    """The small tenants' waits, and what was done of the backlog meanwhile."""
    bench.prepare(place.owner_dsn, rows=1)
    big, small = place.tenant(), [place.tenant() for _ in range(plan.tenants)]
    _fill(place, big, backlog, nap)
    with processes("scripts.bench.durable", [], place.settings, count=_PROCESSES,
                   OUTRIDER_THREADS=str(_THREADS)):  # fmt: skip
        warm = place.tenant()
        _fill(place, warm, _PROCESSES * _THREADS, nap)
        until(lambda: len(_starts(place, [warm])) ==
              _PROCESSES * _THREADS, patience=60)  # fmt: skip
        before = _finished(place, [big]).get(big, 0)
        _arrive(place, plan, small, nap)
        after = _finished(place, [big]).get(big, 0)
        until(lambda: len(_starts(place, small)) == plan.jobs,
              patience=120, every=0.2)  # fmt: skip
        assert backlog == 0 or after < backlog, "the backlog was worked off before the run ended"
    return _waits(_starts(place, small)), after - before


def _arrive(place: Scene, plan: Arrivals, small: Sequence[UUID], nap: int) -> None:
    started = time.monotonic()
    for moment, tenant in plan.bursts:
        time.sleep(max(0.0, started + moment - time.monotonic()))
        _fill(place, small[tenant], _BURST, nap)


def _fill(place: Scene, tenant_id: UUID, count: int, nap: int) -> None:
    for first in range(0, count, _AT_ONCE):
        size = min(_AT_ONCE, count - first)
        with place.database.tenant(tenant_id) as tx:
            jobs.add(tx, [jobs.NewJob(Nap(milliseconds=nap)) for _ in range(size)])


def _starts(place: Scene, tenants: Sequence[UUID]) -> list[float]:
    return bench_loads.waits(place.owner, tenants, after=place.newest)


def _finished(place: Scene, tenants: Sequence[UUID]) -> dict[UUID, int]:
    return bench_loads.finished(place.owner, tenants, after=place.newest)


def _waits(seconds: Sequence[float]) -> Waits:
    def at(part: float) -> float:
        return round(seconds[max(0, int(len(seconds) * part) - 1)] * 1000, 1)

    return Waits(len(seconds), at(0.5), at(0.95), at(1))


def _weights(place: Scene, backlog: int, seconds: float, nap: int) -> float:
    bench.prepare(place.owner_dsn, rows=1)
    heavy, light = place.tenant(), place.tenant()
    with place.database.hat("operator") as tx:
        lane_orders.weigh(tx, heavy, 3)
    _fill(place, heavy, backlog, nap)
    _fill(place, light, backlog, nap)
    with processes("scripts.bench.durable", [], place.settings, count=_PROCESSES,
                   OUTRIDER_THREADS=str(_THREADS)):  # fmt: skip
        both = [heavy, light]
        until(lambda: len(_finished(place, both)) == 2, patience=60)
        before = _finished(place, both)
        time.sleep(seconds)
        after = _finished(place, both)
    assert max(after.values()) < backlog, "a backlog was worked off before the run ended"
    return round((after[heavy] - before[heavy]) / (after[light] - before[light]), 2)
