"""An operator cancels a run or a queue: batch by batch, until nothing of it is left, children too."""

import time
from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

from db import Database, audit, cancellations
from db.cancellations import Cancelled, Scope
from schemas.errors import Transient

_BATCH, _ROUND = 1000, 100_000
"""Jobs of one transaction, and of one look at the table."""
_PAUSE = 0.05
"""Seconds until those that others had locked are tried again."""


def cancel(
    database: Database, scope: Scope, *, operator: str, reason: str,
    patience: timedelta = timedelta(seconds=60),
) -> Cancelled:  # fmt: skip
    """Cancel every job that is meant, and those that such jobs commit meanwhile.

    Audited in the transaction of each batch. Safe to repeat. Raises Transient when jobs are left
    after `patience`: somebody holds them, or new ones keep coming.
    """
    deadline, total = time.monotonic() + patience.total_seconds(), Cancelled()
    while left := _left(database, scope):
        done = Cancelled()
        for tenant_id in left:
            done += _cancel(database, scope, tenant_id, operator=operator, reason=reason)
        total += done
        if time.monotonic() > deadline:
            raise Transient(
                f"{total.jobs} jobs were cancelled and others keep coming or are held;"
                " pause the tenant, then cancel again."
            )
        if not done.jobs:
            time.sleep(_PAUSE)
    return total


def _left(database: Database, scope: Scope) -> set[UUID | None]:
    with database.hat("operator") as tx:
        return {meant.tenant_id for meant in cancellations.count(tx, scope)}


def _cancel(
    database: Database, scope: Scope, tenant_id: UUID | None, *, operator: str, reason: str
) -> Cancelled:
    total = Cancelled()
    with database.tenant(tenant_id) as tx:
        ids = cancellations.find(tx, scope, limit=_ROUND)
    for start in range(0, len(ids), _BATCH):
        with database.tenant(tenant_id) as tx:
            done = cancellations.cancel(tx, scope, ids[start : start + _BATCH])
            if done.jobs:
                kind, what = _subject(scope)
                audit.record(tx, operator=operator, action="cancel", resource_type=kind,
                             resource_id=what, reason=reason, details=asdict(done))  # fmt: skip
        total += done
    return total


def _subject(scope: Scope) -> tuple[str, str]:
    """What the trail says was cancelled."""
    if scope.job_id is not None:
        return "job", str(scope.job_id)
    if scope.trace_id is not None:
        return "run", scope.trace_id
    return "queue", scope.actor or "every actor"
