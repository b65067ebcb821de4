"""Tables `credit_accounts` and `credit_transactions`: an append-only ledger that is never negative.

What a plan's credits pay for is spent and given back with `quotas`, which knows meters and payment.
"""

from dataclasses import dataclass
from datetime import datetime

from db.pool import Tx
from schemas.enums import CreditKind


@dataclass(frozen=True, slots=True)
class Booked:
    """Whether a line was written, and the balance after it, or as it is."""

    booked: bool
    balance: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger; spending is negative."""

    entry: int
    kind: CreditKind
    credits: int
    balance_after: int
    reason: str | None
    key: str | None
    created_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", CreditKind(self.kind))


def grant(tx: Tx, credits_: int, *, reason: str, key: str | None = None) -> Booked:
    """Give credits that do not expire; under a key, once."""
    return tx.one(
        Booked,
        "SELECT booked, balance FROM outrider.book_credits('grant', %(credits)s, %(key)s, %(reason)s)",
        {"credits": credits_, "key": key, "reason": reason},
    )


def renew(tx: Tx) -> int:
    """Book the month's credits of the tenant's plan, and return how many that were; idempotent.

    What is left of the months before expires first. 0 for a plan without credits, or unpaid.
    """
    return int(str(tx.value("SELECT outrider.renew_credits()")))


def balance(tx: Tx) -> int:
    """The tenant's credits."""
    return int(str(tx.value("SELECT coalesce(max(balance), 0) FROM outrider.credit_accounts")))


def list_latest(tx: Tx, *, limit: int) -> list[Entry]:
    """The tenant's ledger, the newest line first."""
    return tx.list(
        Entry,
        """
        SELECT entry, kind, credits, balance_after, reason, key, created_at
          FROM outrider.credit_transactions ORDER BY entry DESC LIMIT %(limit)s
        """,
        {"limit": limit},
    )
