"""The vocabulary of pipelines: `on(Event, then=Job, when=…, after=…)`. Refuses a step that cannot work."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar, cast

from schemas.base import Event, Job

E = TypeVar("E", bound=Event)


class BrokenPipeline(Exception):
    """A step asks for a field that its event does not carry."""


@dataclass(frozen=True, slots=True)
class Step:
    """One consequence: this event makes that job, perhaps only if, perhaps only later."""

    event: type[Event]
    job: type[Job]
    when: Callable[[Event], bool] | None
    after: timedelta

    def consequence(self, event: Event) -> Job | None:
        """The job that follows from `event`, or None. Matches the exact type, not its children."""
        if type(event) is not self.event or (self.when and not self.when(event)):
            return None
        return self.job(**{field: getattr(event, field) for field in self.job.model_fields})


def on(
    event: type[E],
    *,
    then: type[Job],
    when: Callable[[E], bool] | None = None,
    after: timedelta = timedelta(0),
) -> Step:
    """One line of a pipeline; `after` is business time.

    Raises BrokenPipeline at import when the job needs a field that the event has not.
    """
    if missing := sorted(set(then.model_fields) - set(event.model_fields)):
        raise BrokenPipeline(f"{then.__name__} needs {missing}, which {event.__name__} has not.")
    return Step(event, then, cast("Callable[[Event], bool] | None", when), after)


@dataclass(frozen=True, slots=True)
class Consequence:
    """A job that follows from a fact, and how long it waits."""

    job: Job
    after: timedelta


class Pipeline:
    """A named list of steps; pure data, so it can be tested and drawn without a broker."""

    def __init__(self, name: str, *steps: Step) -> None:
        self.name = name
        self.steps = steps

    def consequences(self, event: Event) -> Iterator[Consequence]:
        """Everything that follows from `event`, in the order of the table."""
        for step in self.steps:
            if job := step.consequence(event):
                yield Consequence(job, step.after)
