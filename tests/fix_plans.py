"""Tenants with plans of a test's own: small limits, and people who take from them at once."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from db import Database, Tx, credits, quotas, subscriptions
from db.quotas import Answer, Taken
from schemas.enums import Meter, SubscriptionStatus

R = TypeVar("R")


@dataclass(slots=True)
class Plans:
    """What the tests of metering do again and again, for one tenant."""

    database: Database
    tenant: UUID
    peek: Callable[..., list[tuple[Any, ...]]]

    def have(self, **limits: int) -> None:
        """From now on the tenant has a plan of its own with these limits, and its credits."""
        code = "_".join(f"{name}_{most}" for name, most in limits.items()) or "nothing"
        self.peek("INSERT INTO outrider.plans (code, name, limits) VALUES (%s, 'Test', %s) ON CONFLICT DO NOTHING",
                  code, Jsonb(limits))  # fmt: skip
        with self.database.hat("operator") as tx:
            subscriptions.put(tx, self.tenant, code)
        self.do(credits.renew)

    def bill(self, status: SubscriptionStatus) -> None:
        """What the bank says."""
        with self.database.hat("operator") as tx:
            subscriptions.bill(tx, self.tenant, status)

    def do(self, deed: Callable[[Tx], R]) -> R:
        """One transaction of the tenant's."""
        with self.database.tenant(self.tenant) as tx:
            return deed(tx)

    def take(self, key: str, *, meter: Meter = Meter.MAILS, quantity: int = 1) -> Answer:
        """One take in a transaction of its own."""
        return self.do(lambda tx: quotas.take(tx, meter, quantity, key=key))

    def refund(self, key: str, *, meter: Meter = Meter.MAILS) -> bool:
        """One refund in a transaction of its own."""
        return self.do(lambda tx: quotas.refund(tx, meter, key=key))

    def race(self, keys: Iterable[str], *, meter: Meter = Meter.MAILS) -> list[Answer]:
        """Takes by eight threads, each with a connection of its own."""
        with ThreadPoolExecutor(8) as threads:
            return list(threads.map(lambda key: self.take(key, meter=meter), keys))

    def used(self) -> int:
        """What the month's counter says, of the only meter that is limited."""
        return int(self.ask("SELECT quantity FROM outrider.usage_counters"))

    def ask(self, query: LiteralString) -> Any:
        """The only value of a query."""
        [(value,)] = self.peek(query)
        return value


def counted(answers: Iterable[Answer]) -> int:
    """How many were taken anew."""
    return sum(isinstance(answer, Taken) and not answer.known for answer in answers)


@pytest.fixture
def plans(database: Database, tenant: UUID, peek: Callable[..., list[tuple[Any, ...]]]) -> Plans:
    """The tenant's plan, which is self_hosted until the test says otherwise."""
    return Plans(database, tenant, peek)
