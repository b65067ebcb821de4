"""Looks after connected accounts by the clock: a secret that was taken back is noticed within a day."""

from datetime import timedelta

from db import integrations
from db.lanes import LaneRule
from schemas.errors import RateLimited, Transient
from schemas.events import IntegrationDue
from schemas.jobs import CheckIntegration, CheckIntegrations
from workers.actor import actor
from workers.connected import check
from workers.context import Context
from workers.retry import PATIENT, QUICK

_TRIES = 3
"""Attempts of one check; tomorrow's comes by itself, so a dead letter would say nothing new."""


@actor(CheckIntegrations, queue="house", retry=PATIENT, limit=timedelta(minutes=5))
def check_integrations(_job: CheckIntegrations, ctx: Context) -> None:
    """Idempotent: one fire of the clock makes one check of each integration."""
    with ctx.database.hat("operator") as tx:
        owners = integrations.list_tenants(tx)
    for tenant_id in owners:
        with ctx.database.tenant(tenant_id) as tx:
            ctx.emit_all(tx, [
                (IntegrationDue(integration_id=one), f"{one}:{ctx.claim.id}")
                for one in integrations.list_checkable(tx)])  # fmt: skip


@actor(
    CheckIntegration,
    queue="integrations",
    retry=QUICK,
    limit=timedelta(minutes=2),
    rule=LaneRule(max_running=1),
)
def check_integration(job: CheckIntegration, ctx: Context) -> None:
    """Safe to run twice: a question changes nothing over there, and its answer is a state."""
    with ctx.transaction() as tx:
        found = integrations.find_by_id(tx, job.integration_id)
    if found is None:
        return
    error = check(ctx.database, ctx.providers.keys, found.tenant_id, found)
    if isinstance(error, RateLimited) or (
        isinstance(error, Transient) and ctx.claim.attempt < _TRIES
    ):
        raise error
    if error:
        ctx.log.warning("integration.failed", integration_id=str(found.id), reason=str(error))
