"""The ways to do work that `bench throughput` compares. Each gets the same processes and threads."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from db import bench, jobs
from schemas.base import Job
from scripts.bench import ordinary
from scripts.bench.bench_fleet import processes, until
from scripts.bench.meter import Measured, Meter, watch
from scripts.bench.scene import Scene
from scripts.bench.unit import Pure, Set, Single, Unit

_PATIENCE = 180.0
_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done, and by how many."""

    units: int
    processes: int
    threads: int


def _done(scene: Scene) -> int:
    return bench.count_done(scene.owner)


def loop(scene: Scene, size: Size) -> Measured:
    """Bare psycopg: what this machine does at most of this unit of work."""
    meter = Meter(scene.owner, scene.redis)
    with ExitStack() as stack:
        with bench.gate(scene.owner_dsn):
            pids = [
                pid
                for first in range(1, size.processes + 1)
                for pid in stack.enter_context(_loop_process(scene, size, first))
            ]
            until(lambda: bench.count_waiting(scene.owner) == size.processes, patience=30)
        return watch(partial(_done, scene), size.units, meter, pids, patience=_PATIENCE)


def _loop_process(scene: Scene, size: Size, first: int) -> AbstractContextManager[list[int]]:
    numbers = {"threads": size.threads, "first": first, "step": size.processes, "last": size.units}
    args = [part for name, value in numbers.items() for part in (f"--{name}", str(value))]
    return processes("scripts.bench.loop", ["--dsn", scene.dsn, *args], scene.settings, count=1)


def dramatiq(scene: Scene, size: Size) -> Measured:
    """The unit on Dramatiq + Redis as documented; a full queue is burnt down."""
    return _ordinary(scene, size, "ordinary", partial(_done, scene))


def dramatiq_noop(scene: Scene, size: Size) -> Measured:
    """Dramatiq + Redis doing nothing: the most its threads can carry."""
    left = partial(scene.redis.hlen, "dramatiq:noop.msgs")
    return _ordinary(scene, size, "noop", lambda: size.units - left())


def _ordinary(scene: Scene, size: Size, queue: str, done: Callable[[], int]) -> Measured:
    actor = ordinary.declare(scene.redis_url, None)[queue]
    actor.broker.flush(queue)
    for item in range(1, size.units + 1):
        actor.send(item)
    args = ["--dsn", scene.dsn, "--redis", scene.redis_url, "--queue", queue]
    args += ["--threads", str(size.threads)]
    meter = Meter(scene.owner, scene.redis)
    run = processes("scripts.bench.ordinary", args, scene.settings, count=size.processes)
    with run as pids:
        measured = watch(done, size.units, meter, pids, patience=_PATIENCE)
    actor.broker.flush(queue)
    actor.broker.close()
    return measured


def outrider(scene: Scene, size: Size) -> Measured:
    """The unit as durable jobs, each with its own transaction; up to 8 share a ticket."""
    return _durable(scene, size, lambda item: Unit(item=item), lambda _tenant: _done(scene))


def outrider_single(scene: Scene, size: Size) -> Measured:
    """The same with one job per ticket."""
    return _durable(scene, size, lambda item: Single(item=item), lambda _tenant: _done(scene))


def outrider_batched(scene: Scene, size: Size) -> Measured:
    """The unit done for up to 50 jobs at once, in one transaction."""
    return _durable(scene, size, lambda item: Set(item=item), lambda _tenant: _done(scene))


def outrider_pure(scene: Scene, size: Size) -> Measured:
    """Durable jobs that write nothing of their own."""
    finished = partial(bench.count_finished, scene.owner, after=bench.last_job_id(scene.owner))
    return _durable(scene, size, lambda item: Pure(item=item), finished)


def _durable(
    scene: Scene, size: Size, job: Callable[[int], Job], done: Callable[[UUID], int]
) -> Measured:
    """Fill the queue of one tenant, then let a fleet burn it down."""
    tenant_id = scene.tenant()
    for first in range(1, size.units + 1, _BATCH):
        last = min(first + _BATCH, size.units + 1)
        with scene.database.tenant(tenant_id) as tx:
            jobs.add(tx, [jobs.NewJob(job(item)) for item in range(first, last)])
    meter = Meter(scene.owner, scene.redis)
    run = processes(
        "scripts.bench.durable", [], scene.settings, count=size.processes,
        OUTRIDER_THREADS=str(size.threads), OUTRIDER_POOL_MAX=str(size.threads + 4),
    )  # fmt: skip
    with run as pids:
        return watch(partial(done, tenant_id), size.units, meter, pids, patience=_PATIENCE)


WAYS: dict[str, tuple[Callable[[Scene, Size], Measured], int]] = {
    "loop": (loop, 1),
    "dramatiq": (dramatiq, 1),
    "outrider": (outrider, 1),
    "outrider_single": (outrider_single, 1),
    "outrider_batched": (outrider_batched, 3),
    "outrider_pure": (outrider_pure, 2),
    "dramatiq_noop": (dramatiq_noop, 2),
}
"""Each way, and how many times the jobs of a round it gets: a fast one needs more to be measured."""
