"""Turn a fact into the work that follows from it, inside the caller's transaction."""

from collections.abc import Iterable, Iterator

from db import Tx, jobs
from pipelines.dsl import Consequence
from pipelines.imports import IMPORTS
from pipelines.lead_journey import LEAD_JOURNEY
from pipelines.metering import METERING
from pipelines.replies import REPLIES
from pipelines.telling import TELLING
from schemas.base import Event

PIPELINES = (LEAD_JOURNEY, REPLIES, TELLING, METERING, IMPORTS)


def emit(tx: Tx, event: Event, *, key: str) -> list[int]:
    """Queue every consequence of `event`; returns the ids of the jobs that were new.

    `key` names the occurrence ("this webhook", "this lead with these facts"), so that a job that
    runs twice emits once, for ever. Commits and rolls back with `tx`.
    """
    return emit_all(tx, [(event, key)])


def emit_all(tx: Tx, facts: Iterable[tuple[Event, str]]) -> list[int]:
    """`emit` for many facts with their keys, in one statement."""
    return jobs.add(tx, [job for event, key in facts for job in _work(event, key)])


def _work(event: Event, key: str) -> Iterator[jobs.NewJob]:
    for pipeline in PIPELINES:
        for consequence in pipeline.consequences(event):
            yield jobs.NewJob(
                consequence.job,
                _unique(event, key, consequence),
                consequence.after,
                due_at=consequence.due_at,
            )


def _unique(event: Event, key: str, consequence: Consequence) -> jobs.Unique:
    job = consequence.job
    if consequence.gathers:
        return jobs.Unique(f"{job.name}:{job.model_dump_json()}", scope="gather")
    if consequence.instead_of:
        return jobs.Unique(consequence.instead_of, scope="gather", on_conflict="replace")
    return jobs.Unique(f"{event.name}:{key}>{job.name}")
