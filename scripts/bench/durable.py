"""A worker process of the fleet whose only actors are the benchmarks'."""

import sys
import time
from collections.abc import Sequence
from datetime import timedelta

from db import bench
from schemas.settings import load
from scripts.bench.unit import Nap, Pure, Set, Single, Unit
from scripts.signals import on_signal
from telemetry import logs
from workers.actor import actor, batched
from workers.context import Context
from workers.process import serve
from workers.retry import QUICK

_LIMIT = timedelta(seconds=30)


@actor(Unit, queue="bench", retry=QUICK, limit=_LIMIT, chunk=8)
def unit(job: Unit, ctx: Context) -> None:
    """The fence is enough."""
    with ctx.finish() as tx:
        bench.unit(tx, job.item)


@actor(Single, queue="bench", retry=QUICK, limit=_LIMIT)
def single(job: Single, ctx: Context) -> None:
    """The fence is enough."""
    with ctx.finish() as tx:
        bench.unit(tx, job.item)


@batched(Set, queue="bench", retry=QUICK, limit=_LIMIT, size=50)
def together(jobs: Sequence[Set], ctx: Context) -> None:
    """The fence is enough, for all of them."""
    with ctx.finish() as tx:
        bench.units(tx, [job.item for job in jobs])


@actor(Pure, queue="bench", retry=QUICK, limit=_LIMIT, chunk=32)
def pure(_job: Pure, _ctx: Context) -> None:
    """Nothing to do, and nothing to write but that it was done."""


@actor(Nap, queue="bench", retry=QUICK, limit=timedelta(minutes=5))
def nap(job: Nap, ctx: Context) -> None:
    """Hold a thread for a while."""
    time.sleep(job.milliseconds / 1000)
    with ctx.finish():
        pass


def main() -> int:
    """Serve until SIGTERM."""
    stop = on_signal()
    settings = load()
    logs.configure("json", "warning")
    return serve(settings, only=["bench"], stop=stop)


if __name__ == "__main__":
    sys.exit(main())
