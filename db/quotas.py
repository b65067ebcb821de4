"""What a tenant may still use of its plan: taken in one statement, given back once.

Races are decided by the row of the month; a limit that the plan does not name has no such row, so
nobody waits for it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from db.pool import Tx
from schemas import plans
from schemas.enums import Meter, SubscriptionStatus


@dataclass(frozen=True, slots=True)
class Taken:
    """It is counted. `used` of `allowed` this month with it; None when the plan names no limit.

    `warned`: it was the first of the month to reach 80 %. A key that was counted before is not
    counted again: `known`, without figures.
    """

    used: int | None
    allowed: int | None
    month: date
    warned: bool
    known: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was counted. `resets_at` None: not a matter of time, somebody has to pay."""

    because: str
    allowed: int | None
    used: int | None
    resets_at: datetime | None


Answer: TypeAlias = Taken | Refused


@dataclass(frozen=True, slots=True)
class _Told:
    outcome: str
    status: SubscriptionStatus
    of_credits: bool
    used: int | None
    allowed: int | None
    month: date
    resets_at: datetime
    warned: bool


def take(tx: Tx, meter: Meter, quantity: int, *, key: str) -> Answer:
    """Count `quantity` under a key that counts once, if the tenant's plan, payment and credits allow.

    A look-up and an AI credit cost one credit each where the plan gives credits. Rolls back with
    `tx`; holds the month's row, of a meter that is limited, until `tx` ends: take late.
    """
    told = tx.one(
        _Told,
        """
        SELECT outcome, status, of_credits, used, allowed, month, resets_at, warned
          FROM outrider.take_usage(%(meter)s::outrider.meter, %(quantity)s, %(key)s)
        """,
        {"meter": meter, "quantity": quantity, "key": key},
    )
    if told.outcome in {"taken", "known"}:
        return Taken(told.used, told.allowed, told.month, told.warned, told.outcome == "known")
    resets_at = None if told.outcome == "unpaid" else told.resets_at
    return Refused(_because(told, meter), told.allowed, told.used, resets_at)


def _because(told: _Told, meter: Meter) -> str:
    if told.outcome == "unpaid":
        return plans.unpaid(SubscriptionStatus(told.status))
    return plans.spent(None if told.of_credits else meter, told.allowed or 0, told.month)


def refund(tx: Tx, meter: Meter, *, key: str) -> bool:
    """Uncount what certainly was not used, with the credits that it cost; False when nothing is counted.

    The key may be taken again afterwards.
    """
    return (
        tx.value(
            "SELECT outrider.refund_usage(%(meter)s::outrider.meter, %(key)s)",
            {"meter": meter, "key": key},
        )
        is True
    )


def obstacle(tx: Tx, meter: Meter) -> str | None:
    """Why `take` of one would be refused now, by payment or the meter's own limit; takes nothing."""
    told = tx.find(
        _Told,
        """
        SELECT CASE WHEN p.status NOT IN ('trialing', 'active') THEN 'unpaid' ELSE 'spent' END AS outcome,
               p.status, false AS of_credits, u.used, l.allowed, outrider.this_month() AS month,
               outrider.now() AS resets_at, false AS warned
          FROM outrider.plan_of(outrider.current_tenant_id()) p
         CROSS JOIN LATERAL (SELECT (p.limits ->> (%(meter)s || '_month'))::bigint AS allowed) l
         CROSS JOIN LATERAL (
               SELECT coalesce(sum(e.quantity), 0)::bigint AS used FROM outrider.usage_events e
                WHERE e.tenant_id = outrider.current_tenant_id() AND e.refunded_at IS NULL
                  AND e.meter = %(meter)s::outrider.meter AND e.period_start = outrider.this_month()
                  AND l.allowed IS NOT NULL) u
         WHERE p.status NOT IN ('trialing', 'active') OR u.used >= l.allowed
        """,
        {"meter": meter},
    )
    return told and _because(told, meter)


def wake(tx: Tx) -> int:
    """Make due what waits for the tenant's plan, its payment or its credits; returns how many."""
    return int(str(tx.value("SELECT outrider.wake_over_plan()")))


def prune(tx: Tx, *, limit: int) -> int:
    """Forget keys of more than 13 months ago, of all tenants; needs the dispatcher's hat."""
    return int(str(tx.value("SELECT outrider.prune_usage(%(limit)s)", {"limit": limit})))
