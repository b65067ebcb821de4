"""Housekeeping that the clock asks for: is everything true, and what may be forgotten."""

from datetime import timedelta

from db import crm_outbox, dead, invariants, job_log
from schemas.errors import Permanent
from schemas.events import ContactsLeft
from schemas.jobs import CheckInvariants, NudgeCrm, PruneHistory
from workers.actor import actor
from workers.context import Context
from workers.retry import PATIENT

_KEEP = timedelta(days=30)
_SLICE = 5_000
_LEASE = timedelta(seconds=60)
"""Generous on purpose: a fleet may be configured with a longer lease than the default."""


@actor(CheckInvariants, queue="house", retry=PATIENT, limit=timedelta(minutes=5))
def check_invariants(job: CheckInvariants, ctx: Context) -> None:
    """Pure. A violation is Permanent, so it ends in the dead letters, where somebody looks."""
    with ctx.database.hat("operator") as tx:
        found = invariants.check(tx, lease=_LEASE)
        known = dead.list_letters(tx, tenant_id=None, actor=job.name, status="open", limit=1)
    for violation in found:
        ctx.log.error(
            "invariant.violated", invariant=violation.invariant, subject=violation.subject
        )
    if found and not known:  # one open letter is enough to call somebody
        first = found[0]
        raise Permanent(
            f"{first.invariant}: {first.subject} {first.problem} ({len(found)} in all)."
        )


@actor(NudgeCrm, queue="house", retry=PATIENT, limit=timedelta(minutes=5))
def nudge_crm(_job: NudgeCrm, ctx: Context) -> None:
    """Idempotent: a collector that waits already is not made twice."""
    with ctx.database.hat("operator") as tx:
        waiting = crm_outbox.list_waiting_tenants(tx)
    for tenant_id in waiting:
        with ctx.database.tenant(tenant_id) as tx:
            ctx.emit(tx, ContactsLeft(), key=f"nudge:{ctx.claim.id}")


@actor(PruneHistory, queue="house", retry=PATIENT, limit=timedelta(minutes=10))
def prune_history(_job: PruneHistory, ctx: Context) -> None:
    """Idempotent; deletes in slices, each a transaction of its own."""
    forgotten = _SLICE
    while forgotten >= _SLICE:
        with ctx.database.hat("dispatcher") as tx:
            forgotten = job_log.prune(tx, older_than=_KEEP, limit=_SLICE)
