"""Table `subscriptions`: which plan a tenant has, and whether it is paid. An operator writes it."""

from dataclasses import dataclass
from uuid import UUID

from db.pool import Tx
from schemas.enums import SubscriptionStatus
from schemas.errors import Permanent


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a tenant may count on; without a row it is the plan self_hosted, active."""

    plan_code: str
    plan_name: str
    status: SubscriptionStatus

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", SubscriptionStatus(self.status))


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A tenant with a subscription."""

    tenant_id: UUID


def get(tx: Tx, tenant_id: UUID) -> Subscription:
    """A tenant's plan and standing."""
    return tx.one(
        Subscription,
        """
        SELECT code AS plan_code, name AS plan_name, status
          FROM outrider.plan_of(%(tenant)s)
        """,
        {"tenant": tenant_id},
    )


def put(tx: Tx, tenant_id: UUID, plan_code: str) -> None:
    """Give a tenant a plan that exists, from this moment on; needs the operator's hat.

    A live subscription keeps its status, a cancelled one is followed by a new one. Waits until
    nobody is taking from the old plan, and what was used this month counts against the new one.
    """
    _alone(tx, tenant_id)
    params = {"tenant": tenant_id, "plan": plan_code}
    changed = tx.run(
        """
        UPDATE outrider.subscriptions SET plan_code = %(plan)s
         WHERE tenant_id = %(tenant)s AND status <> 'cancelled'
        """,
        params,
    )
    if not changed:
        tx.run(
            """
            INSERT INTO outrider.subscriptions (tenant_id, plan_code)
            VALUES (%(tenant)s, %(plan)s)
            """,
            params,
        )
    # Made anew from the ledger by whoever takes next, if the new plan has this limit at all.
    tx.run(
        """
        DELETE FROM outrider.usage_counters
         WHERE tenant_id = %(tenant)s AND period_start = outrider.this_month()
        """,
        params,
    )


def bill(tx: Tx, tenant_id: UUID, status: SubscriptionStatus) -> SubscriptionStatus:
    """Say whether a subscription is paid, and return what it was; needs the operator's hat.

    Raises Permanent for a tenant that has none: nobody bills a self-hosted plan.
    """
    _alone(tx, tenant_id)
    before = get(tx, tenant_id).status
    changed = tx.run(
        """
        UPDATE outrider.subscriptions SET status = %(status)s::outrider.subscription_status
         WHERE id = (SELECT s.id FROM outrider.subscriptions s WHERE s.tenant_id = %(tenant)s
                      ORDER BY s.status = 'cancelled', s.created_at DESC LIMIT 1)
        """,
        {"tenant": tenant_id, "status": status},
    )
    if not changed:
        raise Permanent("tenant: it has no subscription; give it a plan with `tenants plan`.")
    return before


def list_subscribers(tx: Tx) -> list[Subscriber]:
    """Tenants with a live subscription that is paid; needs the operator's hat."""
    return tx.list(
        Subscriber,
        """
        SELECT tenant_id FROM outrider.subscriptions
         WHERE status IN ('trialing', 'active') ORDER BY tenant_id
        """,
    )


def _alone(tx: Tx, tenant_id: UUID) -> None:
    # The other side of the shared lock in take_usage and refund_usage.
    tx.run(
        "SELECT pg_advisory_xact_lock(7362005, hashtext(%(tenant)s::uuid::text))",
        {"tenant": tenant_id},
    )
