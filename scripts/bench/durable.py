"""A worker process of the fleet whose only actor is the benchmarks' unit of work."""

from datetime import timedelta

from db import bench
from schemas.settings import load
from scripts.bench.unit import Unit
from scripts.signals import on_signal
from telemetry import logs
from workers.actor import actor
from workers.context import Context
from workers.process import serve
from workers.retry import QUICK


@actor(Unit, queue="bench", retry=QUICK, limit=timedelta(seconds=30))
def unit(job: Unit, ctx: Context) -> None:
    """Pure: the fence is enough."""
    with ctx.finish() as tx:
        bench.unit(tx, job.item)


def main() -> None:
    """Serve until SIGTERM."""
    stop = on_signal()
    settings = load()
    logs.configure("json", "warning")
    serve(settings, only=["bench"], stop=stop)


if __name__ == "__main__":
    main()
