"""`@actor`: a plain function of (job, context) becomes something the fleet can run.

The decorator returns the function itself, so a test calls it without a broker.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar, cast

from schemas.base import Job
from workers.context import Context
from workers.retry import Retry

J = TypeVar("J", bound=Job)


@dataclass(frozen=True, slots=True)
class Spec:
    """An actor: which job it does, where its tickets wait, how it fails, how long it may take."""

    job: type[Job]
    handler: Callable[[Job, Context], None]
    queue: str
    retry: Retry
    limit: timedelta


class UnknownActor(Exception):
    """A name that no actor and no queue has."""


_REGISTRY: dict[str, Spec] = {}


def actor(
    job: type[J], *, queue: str, retry: Retry, limit: timedelta
) -> Callable[[Callable[[J, Context], None]], Callable[[J, Context], None]]:
    """Register the decorated function as the one that does `job`.

    `limit` bounds one attempt; past it the attempt is interrupted and retried.
    """

    def register(handler: Callable[[J, Context], None]) -> Callable[[J, Context], None]:
        known = _REGISTRY.get(job.name)
        if known and known.job is not job:
            raise ValueError(f"Two jobs are called {job.name!r}.")
        plain = cast(Callable[[Job, Context], None], handler)
        _REGISTRY[job.name] = Spec(job, plain, queue, retry, limit)
        return handler

    return register


def registered(only: Iterable[str] = ()) -> dict[str, Spec]:
    """Specs by actor name; `only` names actors or queues, and none means all.

    Raises UnknownActor for a name that is neither.
    """
    wanted = set(only)
    known = set(_REGISTRY) | {spec.queue for spec in _REGISTRY.values()}
    if strangers := sorted(wanted - known):
        raise UnknownActor(
            f"There is no actor {strangers[0]!r}; there are {', '.join(sorted(known))}."
        )
    return {
        name: spec
        for name, spec in sorted(_REGISTRY.items())
        if not wanted or name in wanted or spec.queue in wanted
    }
