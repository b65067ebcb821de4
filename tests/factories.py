"""Plain functions that make things with sensible defaults; each says what it made."""

from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from db import Database, Tx, claims, dispatch, jobs, leads, sessions, tenants
from db.claims import Claim
from db.jobs import NewJob, Unique
from schemas.base import Job
from schemas.leads import LeadIn

LEASE = timedelta(seconds=15)
LIMIT = timedelta(seconds=60)


class Toy(Job):
    """A job that nobody runs unless a test does."""

    name: ClassVar[str] = "toy.plain"
    number: int = 0


class OneShot(Toy):
    """A toy with one attempt."""

    name: ClassVar[str] = "toy.one_shot"
    attempts: ClassVar[int] = 1


def tenant_called(database: Database, slug: str) -> UUID:
    """Another tenant."""
    with database.hat("operator") as tx:
        return tenants.add(tx, name=slug.title(), slug=slug).id


def capture(tx: Tx, email: str = "ada@acme.test", **known: str) -> UUID:
    """A lead as a webhook would leave it."""
    return leads.capture(
        tx, LeadIn.model_validate({"email": email, **known}), source="test"
    ).lead_id


def enqueue(
    database: Database, tenant_id: UUID | None, *work: Job, unique: Unique | None = None,
    after: timedelta = timedelta(0),
) -> list[int]:  # fmt: skip
    """Ids of the jobs that were new."""
    with database.tenant(tenant_id, trace_id="trace-1") as tx:
        return jobs.add(tx, [NewJob(job, unique, after) for job in work])


def session(database: Database, *actors: str, threads: int = 8) -> int:
    """A live worker process, by its heartbeat row."""
    with database.hat("dispatcher") as tx:
        return sessions.add(tx, host="here", pid=1, actors=actors or ["toy.plain"], threads=threads)


def promote(database: Database) -> int:
    """What waited long enough becomes ready."""
    with database.hat("dispatcher") as tx:
        return dispatch.promote(tx, limit=1000)


def pick(
    database: Database, *actors: str, window: int = 1000, lease: timedelta = LEASE
) -> list[int]:
    """Ids of the jobs that a dispatcher of these actors would ring now."""
    names = actors or ("toy.plain", "toy.one_shot")
    with database.hat("dispatcher") as tx:
        chunks = dict.fromkeys(names, 1)
        picked = dispatch.pick(tx, chunks=chunks, window=window, lease=lease)
    return [ticket.id for ticket in picked.tickets]


def sweep(database: Database, lease: timedelta = LEASE) -> dispatch.Swept:
    """One sweep."""
    with database.hat("dispatcher") as tx:
        return dispatch.sweep(tx, lease=lease, limit=1000)


def claim(
    database: Database, tenant_id: UUID | None, job_id: int, *, session_id: int = 0,
    limit: timedelta = LIMIT,
) -> Claim | None:  # fmt: skip
    """One attempt, if the ticket is not stale; by a live process of its own unless one is named."""
    owner = session_id or session(database, "toy.plain")
    with database.tenant(tenant_id) as tx:
        actor = str(tx.value("SELECT actor FROM outrider.jobs WHERE id = %(id)s", {"id": job_id}))
        return next(
            iter(claims.claim(tx, [job_id], actor=actor, session_id=owner, limit=limit)), None
        )


def start(database: Database, tenant_id: UUID | None, job: Job | None = None) -> Claim:
    """A job that runs in a live process."""
    work = job or Toy()
    [job_id] = enqueue(database, tenant_id, work)
    assert job_id in pick(database, work.name)
    claimed = claim(database, tenant_id, job_id, session_id=session(database, work.name))
    assert claimed
    return claimed


def run_again(database: Database, claimed: Claim) -> Claim:
    """The same job, claimed once more after it came back to `ready` or its backoff ended."""
    promote(database)
    assert claimed.id in pick(database, claimed.actor)
    again = claim(
        database, claimed.tenant_id, claimed.id, session_id=session(database, claimed.actor)
    )
    assert again
    return again
