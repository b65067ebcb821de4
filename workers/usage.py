"""Tells of tenants that come near the end of their plan, and gives out the credits of a month."""

from datetime import timedelta

from db import credits, quotas, subscriptions
from schemas.jobs import RenewCredits, WarnUsage
from workers.actor import actor
from workers.context import Context
from workers.retry import PATIENT, QUICK


@actor(WarnUsage, queue="metering", retry=QUICK, limit=timedelta(seconds=30))
def warn_usage(job: WarnUsage, ctx: Context) -> None:
    """Pure; one such job per tenant, meter and month. People see it as `warned_at` of `outrider usage`."""
    ctx.log.warning("usage.warned", meter=job.meter.value, used=job.used, allowed=job.allowed,
                    month=f"{job.month:%Y-%m}")  # fmt: skip


@actor(RenewCredits, queue="metering", retry=PATIENT, limit=timedelta(minutes=5))
def renew_credits(_job: RenewCredits, ctx: Context) -> None:
    """Idempotent: a month is granted once. Each tenant is a transaction of its own."""
    with ctx.database.hat("operator") as tx:
        known = subscriptions.list_subscribers(tx)
    for subscriber in known:
        with ctx.database.tenant(subscriber.tenant_id) as tx:
            granted = credits.renew(tx)
            woken = quotas.wake(tx) if granted else 0
        if granted:
            ctx.log.info("credits.renewed", of_tenant=str(subscriber.tenant_id), credits=granted,
                         woken=woken)  # fmt: skip
