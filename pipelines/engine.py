"""Turn a fact into the work that follows from it, inside the caller's transaction."""

from db import Tx, jobs
from pipelines.lead_journey import LEAD_JOURNEY
from schemas.base import Event

PIPELINES = (LEAD_JOURNEY,)


def emit(tx: Tx, event: Event, *, key: str) -> list[int]:
    """Queue every consequence of `event`; returns the ids of the jobs that were new.

    `key` names the occurrence ("this webhook", "this lead with these facts"), so that a job that
    runs twice emits once, for ever. Commits and rolls back with `tx`.
    """
    return jobs.add(
        tx,
        [
            jobs.NewJob(
                consequence.job,
                jobs.Unique(f"{event.name}:{key}>{consequence.job.name}"),
                consequence.after,
            )
            for pipeline in PIPELINES
            for consequence in pipeline.consequences(event)
        ],
    )
