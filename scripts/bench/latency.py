"""`outrider bench latency`: enqueue to start on an idle fleet, and what the idling costs."""

import os
import statistics
import time
from pathlib import Path
from typing import Annotated, cast

import typer
from redis import Redis

from db import Database, bench, jobs
from schemas.settings import Settings, load
from scripts.bench.bench_fleet import processes, until
from scripts.bench.throughput import scene
from scripts.bench.unit import Unit
from scripts.environment import environment, home
from scripts.options import Json
from scripts.output import out, print_json
from telemetry.bell import Bell, connect

_APART = 0.03
_IDLE = 5.0


def latency(
    samples: Annotated[int, typer.Option("--jobs", min=20, help="Jobs, one at a time.")] = 200,
    as_json: Json = False,
) -> None:
    """Enqueue jobs one at a time into an idle fleet and take the time until each starts."""
    given = load()
    with environment(given, folder=home(given) / "bench", may_migrate=True) as settings:
        assert settings.owner_url
        owner = settings.owner_url.get_secret_value()
        bench.prepare(owner, rows=samples)
        with processes("scripts.bench.durable", [], settings, count=1) as [pid]:
            waits, idle = _measure(settings, owner, samples, pid)
    waits.sort()
    figures = {
        "p50_ms": round(statistics.median(waits), 2),
        "p99_ms": round(waits[int(len(waits) * 0.99) - 1], 2),
        "max_ms": round(waits[-1], 2),
        "jobs": samples,
        **idle,
    }
    if as_json:
        print_json(figures)
        return
    out.print(
        f"Enqueue to start: p50 {figures['p50_ms']} ms, p99 {figures['p99_ms']} ms over {samples} "
        f"jobs; idle, one worker costs {figures['idle_commands_per_second']} Redis commands/s and "
        f"{figures['idle_cpu_percent']} % of a core.",
        highlight=False,
    )


def _measure(
    settings: Settings, owner: str, samples: int, pid: int
) -> tuple[list[float], dict[str, float]]:
    assert settings.redis_url
    assert settings.database_url
    bell = Bell(settings.redis_url.get_secret_value())
    scratch, tenant_id = scene(settings)
    scratch.close()
    database = Database(settings.database_url.get_secret_value(), max_size=2, bell=bell)
    database.open()
    with database.tenant(tenant_id) as tx:  # warms the worker up, and is not counted
        jobs.add(tx, [jobs.NewJob(Unit(item=1))])
    until(lambda: len(bench.starts(owner, tenant_id)) == 1, patience=30)
    idle = _idle(settings, pid)
    for item in range(1, samples + 1):
        with database.tenant(tenant_id) as tx:
            jobs.add(tx, [jobs.NewJob(Unit(item=item))])
        time.sleep(_APART)
    until(lambda: len(bench.starts(owner, tenant_id)) == samples + 1, patience=60)
    database.close()
    bell.close()
    waits = bench.starts(owner, tenant_id)[1:]
    return [wait.total_seconds() * 1000 for wait in waits], idle


def _idle(settings: Settings, pid: int) -> dict[str, float]:
    assert settings.redis_url
    client = connect(settings.redis_url.get_secret_value())
    commands, cpu = _commands(client), _cpu_seconds(pid)
    time.sleep(_IDLE)
    return {
        "idle_commands_per_second": round((_commands(client) - commands) / _IDLE, 1),
        "idle_cpu_percent": round((_cpu_seconds(pid) - cpu) / _IDLE * 100, 2),
    }


def _commands(client: Redis) -> int:
    answer = cast("dict[str, int]", client.info("stats"))  # pyright: ignore[reportUnknownMemberType]
    return answer["total_commands_processed"]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
