"""The same unit of work on Dramatiq and Redis alone, as its documentation has it: no durability."""

import argparse

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import TimeLimit

from db.bench import Bare
from scripts.signals import on_signal
from telemetry.bell import connect


def declare(redis_url: str, pool: Bare | None) -> dramatiq.Actor[[int], None]:
    """The actor on a stock broker; without a pool it can only send."""
    broker = RedisBroker(client=connect(redis_url), middleware=[TimeLimit()])

    def unit(item: int) -> None:
        assert pool is not None
        pool.unit(item)

    return dramatiq.Actor(
        unit, broker=broker, actor_name="unit", queue_name="ordinary", priority=0, options={}
    )


def main() -> None:
    """Serve until SIGTERM."""
    options = argparse.ArgumentParser()
    options.add_argument("--dsn", required=True)
    options.add_argument("--redis", required=True)
    options.add_argument("--threads", type=int, required=True)
    given = options.parse_args()
    stop = on_signal()
    actor = declare(given.redis, Bare(given.dsn, given.threads))
    worker = dramatiq.Worker(actor.broker, worker_timeout=100, worker_threads=given.threads)
    worker.start()
    stop.wait()
    worker.stop()


if __name__ == "__main__":
    main()
