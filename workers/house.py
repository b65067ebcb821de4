"""Housekeeping that the clock asks for: is everything true, and what may be forgotten."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from db import (
    Tx,
    ai_runs,
    crm_outbox,
    dead,
    dead_ends,
    invariants,
    job_log,
    lanes,
    partitions,
    quotas,
)
from schemas.errors import Permanent
from schemas.events import ContactsLeft
from schemas.jobs import CheckInvariants, NudgeCrm, PruneHistory
from telemetry import logs
from workers import retention
from workers.actor import actor
from workers.context import Context
from workers.retry import PATIENT

log = logs.get("outrider.house")

_KEEP = timedelta(days=30)
_KEEP_RUNS = timedelta(days=395)
_KEEP_LETTERS = timedelta(days=90)
"""After a dead letter was replayed or discarded; an open one is kept for ever."""
_AHEAD = 7
_MONTHS_AHEAD = 2
_SLICE = 5_000
_SLICE_OF_LANES = 500
"""Nobody picks meanwhile."""
_LEASE = timedelta(seconds=60)
"""Generous on purpose: a fleet may be configured with a longer lease than the default."""


def make_days(tx: Tx) -> None:
    """See to the partitions of history for the days to come; a day that is blocked waits."""
    partitions.make_months(tx, months=_MONTHS_AHEAD)
    found = partitions.make_ahead(tx, days=_AHEAD)
    if found.made or found.blocked:
        log.info("history.made", days=found.made, blocked=found.blocked)


@actor(CheckInvariants, queue="house", retry=PATIENT, limit=timedelta(minutes=5))
def check_invariants(job: CheckInvariants, ctx: Context) -> None:
    """Pure. A violation is Permanent, so it ends in the dead letters, where somebody looks."""
    with ctx.database.hat("operator") as tx:
        found = invariants.check(tx, lease=_LEASE)
        known = dead.list_letters(tx, dead.Which(actor=job.name, status="open"), limit=1)
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
    """Idempotent; drops days and deletes in slices, each a transaction of its own."""
    with ctx.database.hat("dispatcher") as tx:
        make_days(tx)
    # First: what letters rest on stays as long as they do.
    _in_slices(ctx, partial(dead_ends.prune, older_than=_KEEP_LETTERS, limit=_SLICE))
    for drop in (
        partial(partitions.drop_oldest, older_than=_KEEP),
        partial(partitions.drop_oldest_month, older_than=_KEEP_RUNS),
    ):
        while dropped := _drop(ctx, drop):
            ctx.log.info("history.dropped", partition=dropped)
    _in_slices(ctx, partial(job_log.prune, older_than=_KEEP, limit=_SLICE))
    _in_slices(ctx, partial(quotas.prune, limit=_SLICE))
    for done in retention.run(ctx.database):
        tenant = str(done.tenant_id) if done.tenant_id else None
        ctx.log.info("content.forgotten", of=tenant, what=done.what, rows=done.rows)
    _in_slices(ctx, partial(ai_runs.forget_over, limit=_SLICE))
    _in_slices(ctx, partial(lanes.prune, limit=_SLICE_OF_LANES), size=_SLICE_OF_LANES)


def _in_slices(ctx: Context, prune: Callable[[Tx], int], *, size: int = _SLICE) -> None:
    forgotten = size
    while forgotten >= size:
        with ctx.database.hat("dispatcher") as tx:
            forgotten = prune(tx)


def _drop(ctx: Context, oldest: Callable[[Tx], str | None]) -> str | None:
    with ctx.database.hat("dispatcher") as tx:
        return oldest(tx)
