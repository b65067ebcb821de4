"""How the tickets of an actor reach a thread that runs its jobs, and what interrupts that thread."""

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import dramatiq
from dramatiq.middleware import TimeLimit

from workers.actor import Spec
from workers.attempt import Runner


def alarm(broker: dramatiq.Broker) -> Callable[[timedelta], None]:
    """What sets anew the time after which the calling thread is interrupted."""
    [limits] = [part for part in broker.middleware if isinstance(part, TimeLimit)]
    return lambda limit: limits.manager.add_timeout(  # pyright: ignore[reportUnknownMemberType]
        threading.get_ident(), limit.total_seconds() * 1000
    )


def declare(broker: dramatiq.Broker, spec: Spec, runner: Runner) -> None:
    """Make one actor known to a broker; its tickets run through `runner`."""

    def run(ids: list[int] | int, tenant_id: str | None) -> None:
        # A bare number is a ticket of the version before.
        jobs = ids if isinstance(ids, list) else [ids]
        runner.run(spec, jobs, UUID(tenant_id) if tenant_id else None)

    dramatiq.Actor(
        run,
        broker=broker,
        actor_name=spec.job.name,
        queue_name=spec.queue,
        priority=0,
        options={"time_limit": int(spec.limit.total_seconds() * 1000)},
    )
