"""`outrider bench latency`: enqueue to start on an idle fleet, and what the idling costs."""

import statistics
import time
from dataclasses import asdict, dataclass
from typing import Annotated, cast
from uuid import UUID

import typer
from redis import Redis

from db import bench, bench_facts, bench_loads, jobs
from scripts.bench import meter
from scripts.bench.bench_fleet import processes, until
from scripts.bench.scene import Scene, scene
from scripts.bench.unit import Single
from scripts.options import Json
from scripts.output import out, print_json

_APART = 0.03
_IDLE = 5.0


@dataclass(frozen=True, slots=True)
class Idle:
    """What one worker process without work costs, per second."""

    redis_commands: float
    worker_cpu_percent: float | None
    postgres_transactions: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What `--json` prints."""

    machine: dict[str, object]
    jobs: int
    direct: bool
    p50_ms: float
    p99_ms: float
    max_ms: float
    idle: Idle


def latency(
    samples: Annotated[int, typer.Option("--jobs", min=20, help="Jobs, one at a time.")] = 200,
    direct: Annotated[
        bool, typer.Option("--direct", help="Measure a worker that claims without Redis.")
    ] = False,
    idle: Annotated[float, typer.Option(min=0.5, help="Seconds to watch the idle fleet.")] = _IDLE,
    as_json: Json = False,
) -> None:
    """Enqueue jobs one at a time into an idle fleet and take the time until each starts."""
    with scene() as place:
        bench.prepare(place.owner_dsn, rows=samples)
        mode = {"OUTRIDER_DIRECT": str(direct)}
        with processes("scripts.bench.durable", [], place.settings, count=1, **mode) as [pid]:
            waits, costs = _measure(place, samples, pid, idle)
        figures = Figures(
            place.facts(), samples, direct, round(statistics.median(waits), 2),
            round(waits[int(len(waits) * 0.99) - 1], 2), round(waits[-1], 2), costs,
        )  # fmt: skip
    if as_json:
        print_json(asdict(figures))
        return
    out.print(
        f"Enqueue to start: p50 {figures.p50_ms} ms, p99 {figures.p99_ms} ms over {samples} jobs; "
        f"idle, one worker costs {costs.redis_commands} Redis commands/s, "
        f"{costs.postgres_transactions} Postgres transactions/s and {costs.worker_cpu_percent} % "
        "of a core.",
        highlight=False,
    )


def _measure(place: Scene, samples: int, pid: int, idle: float) -> tuple[list[float], Idle]:
    """Waits in milliseconds, shortest first, and the cost of idling before them."""
    tenant_id = place.tenant()
    _add(place, tenant_id, 1)  # warms the worker up, and is not counted
    until(lambda: bench.count_done(place.owner) == 1, patience=30)
    first, costs = bench.last_job_id(place.owner), _idle(place, pid, idle)
    for item in range(1, samples + 1):
        _add(place, tenant_id, item)
        time.sleep(_APART)
    until(lambda: bench.count_done(place.owner) == samples + 1, patience=60)
    waits = bench_loads.waits(place.owner, [tenant_id], after=first)
    return [wait * 1000 for wait in waits], costs


def _add(place: Scene, tenant_id: UUID, item: int) -> None:
    with place.database.tenant(tenant_id) as tx:
        jobs.add(tx, [jobs.NewJob(Single(item=item))])


def _idle(place: Scene, pid: int, seconds: float) -> Idle:
    def counters() -> tuple[int, float | None, int]:
        return _commands(place.redis), meter.seconds(pid), bench_facts.transactions(place.owner)

    time.sleep(1.0)  # sessions report their transactions once they have been quiet for a moment
    commands, cpu, transactions = counters()
    time.sleep(seconds)
    more_commands, more_cpu, more_transactions = counters()
    used = None if cpu is None or more_cpu is None else round((more_cpu - cpu) / seconds * 100, 2)
    return Idle(
        redis_commands=round((more_commands - commands) / seconds, 1),
        worker_cpu_percent=used,
        postgres_transactions=round((more_transactions - transactions) / seconds, 1),
    )


def _commands(client: Redis) -> int:
    answer = cast("dict[str, int]", client.info("stats"))  # pyright: ignore[reportUnknownMemberType]
    return answer["total_commands_processed"]
