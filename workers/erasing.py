"""Forget a person: stop what is under way, wait for what runs, then empty every table in one
transaction. Safe to repeat; refuses the address of a mailbox or a user of the tenant.
"""

import time
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import NoReturn
from uuid import UUID

from db import Database, Tx, audit, cancellations, crm_outbox, enrollments, people, suppressions
from db.cancellations import Scope
from db.people import Contact, Emptied
from db.pool import DatabaseAway
from schemas.enums import StopReason, SuppressionKind, SuppressionReason
from schemas.errors import Permanent

_LOOK = 0.1
"""Seconds between two looks at what still runs."""
_TRIES = 5
"""Deadlocks that an erasure may lose before it gives up."""
_SOURCE = "erasure"


@dataclass(frozen=True, slots=True)
class Erasure:
    """What became of a person in one tenant (None: the house's own rows).

    `contacts` are who they are in CRMs, which nobody tells; `doubts` are mails of which nobody knows
    whether they went out; `fenced` are jobs that ran on and were cut off.
    """

    tenant_id: UUID | None
    leads: int
    stopped: int
    cancelled: int
    fenced: int
    doubts: int
    tables: list[Emptied]
    contacts: list[Contact]

    @property
    def anything(self) -> bool:
        """Whether the tenant knew the person at all."""
        return bool(self.leads or self.tables or self.cancelled)


@dataclass(frozen=True, slots=True)
class _Stopped:
    leads: int = 0
    stopped: int = 0
    cancelled: int = 0
    fenced: int = 0


class _Undo(Exception):
    """Ends a transaction that was only to find out what it would do."""


def foresee(database: Database, tenant_id: UUID | None, email: str) -> Erasure:
    """What `erase` would do now, without doing it. Raises Permanent as it does.

    Work that runs is counted as fenced: by the time of the erasure most of it has ended.
    """
    seen: list[Erasure] = []
    try:
        with database.tenant(tenant_id) as tx:
            done = _close(tx, tenant_id, email, by="dry run")
            seen += filter(None, [_finish(tx, tenant_id, email, done, late=True, by="dry run")])
            _undo()
    except _Undo:
        return seen[0]


def _undo() -> NoReturn:
    raise _Undo


def erase(
    database: Database, tenant_id: UUID | None, email: str, *, operator: str, reason: str,
    patience: timedelta = timedelta(seconds=30),
) -> Erasure:  # fmt: skip
    """Forget a person in one tenant. Whatever interrupts it, running it again goes on.

    First, for good: no new mail, no new work. Then jobs about them that run have `patience` to end,
    and are cut off. Then every table at once, with a line in the trail that has a hash for a name.
    Raises Permanent for an address of the tenant's own people.
    """
    with database.tenant(tenant_id) as tx:
        done = _close(tx, tenant_id, email, by=operator)
        _audit(tx, email, "erase.begin", operator, reason, {})
    deadline = time.monotonic() + patience.total_seconds()
    beaten = 0
    while True:
        late = time.monotonic() > deadline
        try:
            with database.tenant(tenant_id) as tx:
                if erased := _finish(tx, tenant_id, email, done, late=late, by=operator):
                    tables = {t.table_name: [t.own, t.named] for t in erased.tables}
                    # Why stands in the first line, where it was scrubbed: nothing scrubs this one.
                    _audit(tx, email, "erase", operator, None, {"tables": tables})
        except DatabaseAway:  # a worker that locked in another order won; nothing was written
            beaten += 1
            if beaten == _TRIES:
                raise
            erased = None
        if erased:
            return erased
        time.sleep(_LOOK)


def _finish(
    tx: Tx, tenant_id: UUID | None, email: str, done: _Stopped, *, late: bool, by: str
) -> Erasure | None:
    """None while something about them runs that may still end; what waits is cancelled then."""
    cancelled = done.cancelled + _cancel(tx, tenant_id, email)
    fenced = _cut_off(tx, tenant_id, email) if late else 0
    if not late and people.list_work(tx, email):
        return None
    return _empty(tx, tenant_id, email, replace(done, cancelled=cancelled, fenced=fenced), by=by)


def _close(tx: Tx, tenant_id: UUID | None, email: str, *, by: str) -> _Stopped:
    if tenant_id is None:
        return _Stopped()
    if whose := people.whose(tx, email):
        raise Permanent(
            f"email: {email} is a {whose} of this tenant, not a lead; nothing was erased."
        )
    found = people.find(tx, email)
    for address in found.emails:
        suppressions.add(
            tx, SuppressionKind.EMAIL, address, SuppressionReason.ERASURE, _SOURCE
        )  # what gives way if the rest fails is everything but this
    stopped = sum(
        enrollments.stop_all_of_lead(tx, lead_id, StopReason.SUPPRESSED, by)
        for lead_id in found.leads
    )
    people.close(tx, found.leads)
    return _Stopped(len(found.leads), stopped, _cancel(tx, tenant_id, email))


def _cancel(tx: Tx, tenant_id: UUID | None, email: str) -> int:
    """Work that waits is not done any more; a call in doubt stays one, without its job."""
    waiting = [work.id for work in people.list_work(tx, email) if not work.running]
    return sum(_end(tx, tenant_id, job_id, running=False) for job_id in waiting)


def _cut_off(tx: Tx, tenant_id: UUID | None, email: str) -> int:
    """Work that does not end loses its row, and whatever it still writes is refused."""
    ended = sum(_end(tx, tenant_id, work.id, running=True) for work in people.list_work(tx, email))
    if ended and tenant_id:
        crm_outbox.free_orphans(tx)
    return ended


def _end(tx: Tx, tenant_id: UUID | None, job_id: int, *, running: bool) -> int:
    scope = Scope(job_id=job_id, tenant_id=tenant_id, running=running)
    return cancellations.cancel(tx, scope, [job_id]).jobs


def _empty(tx: Tx, tenant_id: UUID | None, email: str, done: _Stopped, *, by: str) -> Erasure:
    found = people.find(tx, email)
    contacts = people.list_contacts(tx, found.leads)
    doubts = people.count_doubts(tx, found.messages)
    tables = people.erase(tx, email, by=by)
    return Erasure(tenant_id, **asdict(done), doubts=doubts, tables=tables, contacts=contacts)


def _audit(
    tx: Tx, email: str, action: str, operator: str, reason: str | None, details: dict[str, object]
) -> None:
    audit.record(tx, operator=operator, action=action, resource_type="person",
                 resource_id=people.hash_of(tx, email), reason=reason, details=details)  # fmt: skip
