"""The vocabulary of pipelines: `on(Event, then=Job, when=…, after=… | until=… | gather=…, newest_per=…)`.

Refuses a step that cannot work.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, cast

from schemas.base import Event, Job

E = TypeVar("E", bound=Event)


class BrokenPipeline(Exception):
    """A step asks for a field that its event does not carry."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """A job that follows from a fact, and how it waits.

    `after` and `due_at` are business time. `gathers`: all facts of the wait share one job.
    `instead_of`: it takes the place of the job that waits under this name.
    """

    job: Job
    after: timedelta = timedelta(0)
    due_at: datetime | None = None
    gathers: bool = False
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One consequence: this event makes that job, perhaps only if, perhaps only later."""

    event: type[Event]
    job: type[Job]
    when: Callable[[Event], bool] | None
    after: timedelta
    until: str | None
    gather: timedelta | None
    newest_per: str | None = None

    def consequence(self, event: Event) -> Consequence | None:
        """What follows from `event`, or None. Matches the exact type, not its children."""
        if type(event) is not self.event or (self.when and not self.when(event)):
            return None
        job = self.job(**{field: getattr(event, field) for field in self.job.model_fields})
        if self.gather is not None:
            return Consequence(job, after=self.gather, gathers=True)
        due_at = getattr(event, self.until) if self.until else None
        instead_of = f"{job.name}:{getattr(event, self.newest_per)}" if self.newest_per else ""
        return Consequence(job, self.after, due_at, instead_of=instead_of)


def on(
    event: type[E],
    *,
    then: type[Job],
    when: Callable[[E], bool] | None = None,
    after: timedelta = timedelta(0),
    until: str | None = None,
    gather: timedelta | None = None,
    newest_per: str | None = None,
) -> Step:
    """One line of a pipeline; every wait is business time, and there is one kind of it per line.

    `after` waits a while; `until` waits for the moment in the event's field of that name; `gather`
    waits a while too, and whatever happens meanwhile shares the one job (same fields, same tenant).
    `newest_per`: of the jobs that wait for the same value of that field only the newest stays. It is
    not once per occurrence for ever, as others are, so only a job may state such a fact, as it ends.
    Raises BrokenPipeline at import when a field is needed that the event has not.
    """
    needed = {*then.model_fields, *filter(None, (until, newest_per))}
    if missing := sorted(needed - set(event.model_fields)):
        raise BrokenPipeline(f"{then.__name__} needs {missing}, which {event.__name__} has not.")
    if (bool(after) + (until is not None) + (gather is not None)) > 1:
        raise BrokenPipeline(f"{then.__name__} waits in two ways for {event.__name__}.")
    if gather is not None and newest_per:
        raise BrokenPipeline(f"{then.__name__}: what gathers is the same job, so none is newer.")
    asks = cast("Callable[[Event], bool] | None", when)
    return Step(event, then, asks, after, until, gather, newest_per)


class Pipeline:
    """A named list of steps; pure data, so it can be tested and drawn without a broker."""

    def __init__(self, name: str, *steps: Step) -> None:
        self.name = name
        self.steps = steps
        self._by_event: dict[type[Event], tuple[Step, ...]] = {
            event: tuple(step for step in steps if step.event is event)
            for event in {step.event for step in steps}
        }

    def consequences(self, event: Event) -> Iterator[Consequence]:
        """Everything that follows from `event`, in the order of the table."""
        for step in self._by_event.get(type(event), ()):
            if consequence := step.consequence(event):
                yield consequence
