"""`@actor`: a plain function of (job, context) becomes something the fleet can run.

The decorator returns the function itself, so a test calls it without a broker.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar, cast

from db.lanes import LaneRule
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
    chunk: int = 1
    """Jobs that one ticket may carry: more than one only where each takes moments."""
    rule: LaneRule = field(default_factory=LaneRule)
    batch: Callable[[Sequence[Job], Context], None] | None = None
    """Does a whole ticket at once; `handler` is what does one job of it alone."""


class UnknownActor(Exception):
    """A name that no actor and no queue has."""


_REGISTRY: dict[str, Spec] = {}


def actor(
    job: type[J],
    *,
    queue: str,
    retry: Retry,
    limit: timedelta,
    chunk: int = 1,
    rule: LaneRule = LaneRule(),  # noqa: B008  (frozen)
) -> Callable[[Callable[[J, Context], None]], Callable[[J, Context], None]]:
    """Register the decorated function as the one that does `job`.

    `limit` bounds one attempt; past it the attempt is interrupted and retried. `chunk` jobs at most
    are claimed together and done one after the other; `rule` holds for each of the actor's lanes.
    """

    def register(handler: Callable[[J, Context], None]) -> Callable[[J, Context], None]:
        plain = cast(Callable[[Job, Context], None], handler)
        _register(Spec(job, plain, queue, retry, limit, chunk, rule))
        return handler

    return register


def batched(
    job: type[J], *, queue: str, retry: Retry, limit: timedelta, size: int
) -> Callable[[Callable[[Sequence[J], Context], None]], Callable[[Sequence[J], Context], None]]:
    """Register the decorated function as the one that does up to `size` jobs of a tenant at once.

    They succeed together. When they fail, each is done again alone, so that one bad job spoils
    only itself; `limit` bounds the whole.
    """

    def register(
        handler: Callable[[Sequence[J], Context], None],
    ) -> Callable[[Sequence[J], Context], None]:
        plain = cast(Callable[[Sequence[Job], Context], None], handler)
        _register(
            Spec(
                job,
                lambda one, ctx: plain([one], ctx),
                queue,
                retry,
                limit,
                chunk=size,
                batch=plain,
            )
        )
        return handler

    return register


def _register(spec: Spec) -> None:
    known = _REGISTRY.get(spec.job.name)
    if known and known.job is not spec.job:
        raise ValueError(f"Two jobs are called {spec.job.name!r}.")
    _REGISTRY[spec.job.name] = spec


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
