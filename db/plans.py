"""Table `plans`, and what the tenant's own says of leads. The catalogue is the owner's to write."""

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from db.pool import Tx
from schemas import plans
from schemas.enums import SubscriptionStatus
from schemas.errors import NoSuchRow


@dataclass(frozen=True, slots=True)
class Plan:
    """One offer; None: no such limit."""

    code: str
    name: str
    mails_month: int | None
    credits_month: int | None
    contacts: int | None


@dataclass(frozen=True, slots=True)
class _Standing:
    status: SubscriptionStatus
    contacts: int | None
    over: bool


_SELECT: LiteralString = """
        SELECT code, name, (limits ->> 'mails_month')::bigint AS mails_month,
               (limits ->> 'credits_month')::bigint AS credits_month,
               (limits ->> 'contacts')::bigint AS contacts
          FROM outrider.plans
"""


def list_all(tx: Tx) -> list[Plan]:
    """Every plan, the smallest first."""
    return tx.list(Plan, _SELECT + " ORDER BY mails_month NULLS FIRST, code")


def get(tx: Tx, code: str) -> Plan:
    """A plan by its code. Raises NoSuchRow."""
    found = tx.find(Plan, _SELECT + " WHERE code = %(code)s", {"code": code})
    if found is None:
        raise NoSuchRow("plan", code)
    return found


def room(tx: Tx, limit: str = "contacts") -> int | None:
    """How many more leads the tenant's plan has room for; 0: none, None: no limit.

    Counts at this moment and locks nothing: two who ask at once may be told the same.
    """
    if limit != "contacts":
        raise ValueError(f"{limit}: only contacts are held rather than used.")
    left = tx.value(
        """
        SELECT greatest(0, (p.limits ->> 'contacts')::bigint
                           - (SELECT count(*) FROM outrider.leads WHERE deleted_at IS NULL))
          FROM outrider.plan_of(outrider.current_tenant_id()) p
         WHERE p.limits ? 'contacts'
        """
    )
    return None if left is None else int(str(left))


def hindrance(tx: Tx, lead_id: UUID) -> str | None:
    """Why nothing that costs money may be done for a lead now, in words; None: go ahead.

    Either the tenant's subscription is not paid, or the lead is none of the first ones that its
    plan has room for, in the order they came.
    """
    standing = tx.one(
        _Standing,
        """
        SELECT p.status, c.most AS contacts,
               coalesce((SELECT count(*) FROM (
                   SELECT FROM outrider.leads l
                    WHERE l.tenant_id = outrider.current_tenant_id() AND l.deleted_at IS NULL
                      AND l.id <= %(lead)s AND c.most IS NOT NULL LIMIT c.most + 1) first) > c.most, false) AS over
          FROM outrider.plan_of(outrider.current_tenant_id()) p
         CROSS JOIN LATERAL (SELECT (p.limits ->> 'contacts')::bigint AS most) c
        """,
        {"lead": lead_id},
    )
    if SubscriptionStatus(standing.status) not in plans.PAID:
        return plans.unpaid(SubscriptionStatus(standing.status))
    return plans.contacts_held(standing.contacts or 0) if standing.over else None
