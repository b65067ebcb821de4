"""Send a dead letter round again, as a new job. Refuses what the current code could not read."""

from pydantic import ValidationError

from db import Database, audit, dead, jobs
from schemas.errors import Permanent
from workers.actor import registered


def replay(database: Database, letter_id: int, *, operator: str, reason: str) -> int:
    """Make a new job of an open dead letter and return its id; once per letter, audited.

    Effects are keyed by what they mean and not by job, so what already happened is not repeated.
    Raises NoSuchRow, and Permanent when it was replayed before or its payload no longer fits.
    """
    with database.hat("operator") as tx:
        letter = dead.get(tx, letter_id)
    spec = registered().get(letter.actor)
    if spec is None:
        raise Permanent(f"No actor is called {letter.actor!r} any more.")
    try:
        job = spec.job.model_validate(letter.payload)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Permanent(f"Dead letter {letter_id}: payload.{where}: {first['msg']}.") from None
    with database.tenant(letter.tenant_id, trace_id=letter.trace_id or "") as tx:
        [job_id] = jobs.add(tx, [jobs.NewJob(job, replay_of=letter.job_id)])
        if not dead.mark_replayed(tx, letter_id, job_id=job_id):
            raise Permanent(f"Dead letter {letter_id} was replayed before.")
        audit.record(tx, operator=operator, action="replay", resource_type="dead_letter",
                     resource_id=str(letter_id), reason=reason)  # fmt: skip
    return job_id
