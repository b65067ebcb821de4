"""What a tenant is told when its plan ends before its work does. Pure words, without I/O."""

from datetime import date
from typing import Final

from schemas.enums import Meter, SubscriptionStatus

PREFIX: Final = "plan: "
"""What the reason of a step begins with that waits for its tenant's plan; 028 wakes it by this."""

PAID: Final = frozenset({SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE})

_SPENT = {
    Meter.MAILS: "mails of {month} are sent",
    Meter.LOOKUPS: "look-ups of {month} are made",
    Meter.AI_CREDITS: "AI credits of {month} are used",
    None: "credits of {month} are spent",
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def unpaid(status: SubscriptionStatus) -> str:
    """Why nothing that the plan pays for happens: "billing is past due"."""
    return f"billing is {status.value.replace('_', ' ')}"


def spent(meter: Meter | None, allowed: int, month: date) -> str:
    """Why there is no more of it: "the plan's 2,000 mails of November are sent". None: of credits."""
    return f"the plan's {allowed:,} {_SPENT[meter].format(month=_MONTHS[month.month - 1])}"


def contacts_held(allowed: int) -> str:
    """Why a lead is kept as it came and nothing is done about it."""
    return f"the plan's {allowed:,} contacts are held; this one is kept and waits"
