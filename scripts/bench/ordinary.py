"""The same unit of work on Dramatiq and Redis alone, as its documentation has it: no durability.

The stock RedisBroker with its stock middleware and client, and a stock psycopg pool.
"""

import argparse

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from db.bench import Bare
from scripts.signals import on_signal

QUEUES = ("ordinary", "noop")


def declare(redis_url: str, pool: Bare | None) -> dict[str, dramatiq.Actor[[int], None]]:
    """One actor per queue, under its name; without a pool they can only send."""
    broker = RedisBroker(url=redis_url)

    def unit(item: int) -> None:
        assert pool is not None
        pool.unit(item)

    def noop(_item: int) -> None:
        pass

    return {
        queue: dramatiq.Actor(
            run, broker=broker, actor_name=queue, queue_name=queue, priority=0, options={}
        )
        for queue, run in zip(QUEUES, (unit, noop), strict=True)
    }


def main() -> None:
    """Serve one queue until SIGTERM."""
    options = argparse.ArgumentParser()
    options.add_argument("--dsn", required=True)
    options.add_argument("--redis", required=True)
    options.add_argument("--threads", type=int, required=True)
    options.add_argument("--queue", choices=QUEUES, required=True)
    given = options.parse_args()
    stop = on_signal()
    broker = declare(given.redis, Bare(given.dsn, given.threads))[given.queue].broker
    broker.emit_after(
        "process_boot"
    )  # as its command line does: it starts the middleware's threads
    worker = dramatiq.Worker(broker, queues={given.queue}, worker_threads=given.threads)
    worker.start()
    stop.wait()
    worker.stop()


if __name__ == "__main__":
    main()
