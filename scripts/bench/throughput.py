"""`outrider bench throughput`: jobs per second beside bare Dramatiq and a bare loop, in one run."""

import statistics
import threading
from collections.abc import Callable
from typing import Annotated
from uuid import UUID, uuid4

import typer

from db import Database, bench, jobs, tenants
from db.bench import Pace
from schemas.settings import Settings, load
from scripts.bench import ordinary
from scripts.bench.bench_fleet import processes, until
from scripts.bench.unit import Unit
from scripts.environment import environment, home
from scripts.options import Json
from scripts.output import out, print_json

_PROCESSES, _THREADS = 2, 8


def throughput(
    units: Annotated[int, typer.Option("--jobs", min=100, help="Jobs per round.")] = 3000,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds; the median counts.")] = 3,
    as_json: Json = False,
) -> None:
    """Do the same unit of work (read, update, insert, one transaction) three ways."""
    given = load()
    with environment(given, folder=home(given) / "bench", may_migrate=True) as settings:
        measure = {"loop": _loop, "dramatiq": _dramatiq, "outrider": _outrider}
        paces: dict[str, list[float]] = {name: [] for name in measure}
        for _ in range(rounds):
            for name, way in measure.items():
                paces[name].append(_run(way, settings, units).per_second)
    figures = {f"{name}_per_second": round(statistics.median(p), 1) for name, p in paces.items()}
    figures["outrider_to_dramatiq"] = round(
        statistics.median(o / d for o, d in zip(paces["outrider"], paces["dramatiq"], strict=True)),
        3,
    )
    figures |= {"jobs": units, "rounds": rounds, "processes": _PROCESSES, "threads": _THREADS}
    if as_json:
        print_json(figures)
        return
    out.print(
        f"Outrider did {figures['outrider_per_second']:,} durable jobs/s, bare Dramatiq + Redis "
        f"{figures['dramatiq_per_second']:,} of the same work without durability "
        f"(ratio {figures['outrider_to_dramatiq']}), a bare loop {figures['loop_per_second']:,}.",
        highlight=False,
    )


def _run(way: Callable[[Settings, int], None], settings: Settings, units: int) -> Pace:
    owner = _owner(settings)
    bench.prepare(owner, rows=units)
    way(settings, units)
    pace = bench.pace(owner)
    assert pace.units == units, f"{pace.units} units were done instead of {units}"
    return pace


def _owner(settings: Settings) -> str:
    if settings.owner_url is None:
        raise typer.BadParameter("bench needs OUTRIDER_OWNER_URL, to make its scratch tables")
    return settings.owner_url.get_secret_value()


def _loop(settings: Settings, units: int) -> None:
    assert settings.database_url
    dsn, share = settings.database_url.get_secret_value(), -(-units // _THREADS)
    slices = [range(i + 1, min(i + share, units) + 1) for i in range(0, units, share)]
    threads = [threading.Thread(target=bench.bare, args=(dsn, part)) for part in slices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _dramatiq(settings: Settings, units: int) -> None:
    assert settings.database_url
    assert settings.redis_url
    dsn, redis_url = settings.database_url.get_secret_value(), settings.redis_url.get_secret_value()
    actor = ordinary.declare(redis_url, None)
    for item in range(1, units + 1):
        actor.send(item)
    args = ["--dsn", dsn, "--redis", redis_url, "--threads", str(_THREADS)]
    with processes("scripts.bench.ordinary", args, settings, count=_PROCESSES):
        until(lambda: bench.count_done(_owner(settings)) >= units, patience=120)


def _outrider(settings: Settings, units: int) -> None:
    database, tenant_id = scene(settings)
    with database.tenant(tenant_id) as tx:
        jobs.add(tx, [jobs.NewJob(Unit(item=item)) for item in range(1, units + 1)])
    database.close()
    with processes("scripts.bench.durable", [], settings, count=_PROCESSES):
        until(lambda: bench.count_done(_owner(settings)) >= units, patience=120)


def scene(settings: Settings) -> tuple[Database, UUID]:
    """An open database and a tenant of this measurement's own."""
    assert settings.database_url
    database = Database(settings.database_url.get_secret_value(), max_size=4)
    database.open()
    with database.hat("operator") as tx:
        tenant = tenants.add(tx, name="Bench", slug=f"bench-{uuid4().hex[:8]}", timezone="UTC")
    return database, tenant.id
