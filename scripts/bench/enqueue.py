"""How fast one producer makes jobs, beside a bare INSERT and Dramatiq's send."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from db import bench, jobs
from scripts.bench import ordinary
from scripts.bench.scene import Scene
from scripts.bench.unit import Pure

_ROWS, _BATCH, _SENDS = 50_000, 10_000, 2_000


@dataclass(frozen=True, slots=True)
class Enqueued:
    """Medians over the rounds, the slowest and fastest of each, and how many at once."""

    rows_per_second: dict[str, int]
    spread: dict[str, tuple[int, int]]
    outrider_bulk_to_insert: float
    rows: int = _ROWS
    batch: int = _BATCH


def enqueue(scene: Scene, rounds: int) -> Enqueued:
    """Rows per second of each, interleaved; medians, and the median of each round's ratio."""
    ways: dict[str, Callable[[Scene], float]] = {
        "outrider_bulk": _bulk, "insert": _insert, "outrider_one_by_one": _one_by_one,
        "dramatiq_send": _send,
    }  # fmt: skip
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            bench.prepare(scene.owner_dsn, rows=1)
            speeds[name].append(way(scene))
    ratios = (o / i for o, i in zip(speeds["outrider_bulk"], speeds["insert"], strict=True))
    return Enqueued(
        {name: round(statistics.median(found)) for name, found in speeds.items()},
        {name: (round(min(found)), round(max(found))) for name, found in speeds.items()},
        round(statistics.median(ratios), 3),
    )


def _bulk(scene: Scene) -> float:
    """Typed jobs in transactions of ten thousand, from the model to the commit."""
    tenant_id = scene.tenant()
    started = time.perf_counter()
    for first in range(0, _ROWS, _BATCH):
        with scene.database.tenant(tenant_id) as tx:
            made = jobs.add(
                tx, [jobs.NewJob(Pure(item=item)) for item in range(first, first + _BATCH)]
            )
            assert len(made) == _BATCH
    return _ROWS / (time.perf_counter() - started)


def _one_by_one(scene: Scene) -> float:
    tenant_id = scene.tenant()
    started = time.perf_counter()
    for item in range(_SENDS):
        with scene.database.tenant(tenant_id) as tx:
            jobs.add(tx, [jobs.NewJob(Pure(item=item))])
    return _SENDS / (time.perf_counter() - started)


def _insert(scene: Scene) -> float:
    return _ROWS / bench.insert_bare(scene.owner_dsn, rows=_ROWS, batch=_BATCH)


def _send(scene: Scene) -> float:
    actor = ordinary.declare(scene.redis_url, None)["noop"]
    actor.broker.flush("noop")
    started = time.perf_counter()
    for item in range(_SENDS):
        actor.send(item)
    seconds = time.perf_counter() - started
    actor.broker.flush("noop")
    actor.broker.close()
    return _SENDS / seconds
