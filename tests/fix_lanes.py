"""Toys that wait in lanes of their own, and a look at who is picked."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import pytest

from db import Database, claims, dispatch, lanes
from db.claims import Claim
from db.lanes import LaneRule
from tests.factories import LEASE, LIMIT, Toy, enqueue, session

Peek = Callable[..., list[tuple[Any, ...]]]


class Keyed(Toy):
    """A toy that waits in the lane it names."""

    name: ClassVar[str] = "toy.keyed"
    key: str = "box"

    def lane(self) -> str:
        """As told."""
        return self.key


@dataclass(slots=True)
class Line:
    """The waiting work of a test."""

    database: Database
    peek: Peek
    session_id: int
    chunk: int = 1

    def rule(self, **rule: Any) -> None:
        """What the code says of the toys' lanes."""
        with self.database.hat("dispatcher") as tx:
            lanes.mirror(tx, {Keyed.name: LaneRule(**rule)})

    def wait(self, tenant: UUID, jobs: int, key: str = "box", **fields: Any) -> list[int]:
        """Jobs that line up in a tenant's lane."""
        return enqueue(
            self.database, tenant, *[Keyed(number=n, key=key, **fields) for n in range(jobs)]
        )

    def look(self, window: int = 1000) -> dispatch.Picked:
        """One pick by a dispatcher of both toys."""
        with self.database.hat("dispatcher") as tx:
            chunks = {Keyed.name: self.chunk, Toy.name: 1}
            return dispatch.pick(tx, chunks=chunks, window=window, lease=LEASE)

    def pick(self, window: int = 1000) -> list[int]:
        """Ids of one pick, fairest first."""
        return [ticket.id for ticket in self.look(window).tickets]

    def run(self, tenant: UUID, ids: Sequence[int]) -> list[Claim]:
        """Start what was picked."""
        with self.database.tenant(tenant) as tx:
            return claims.claim(tx, ids, actor=Keyed.name, session_id=self.session_id, limit=LIMIT)

    def drain(self, window: int) -> Counter[UUID | None]:
        """Pick once and finish everything picked; whose jobs they were."""
        tickets = self.look(window).tickets
        for ticket in tickets:
            with self.database.tenant(ticket.tenant_id) as tx:
                [claim] = claims.claim(
                    tx, [ticket.id], actor=ticket.actor, session_id=self.session_id, limit=LIMIT
                )
                claims.complete(tx, claim.id, claim.token)
        return Counter(ticket.tenant_id for ticket in tickets)

    def state(self, key: str = "box") -> tuple[int, bool]:
        """Failures in a row of a lane, and whether it is blocked."""
        [(failures, blocked)] = self.peek(
            "SELECT failures, coalesce(blocked_until > clock_timestamp(), false)"
            " FROM outrider.lanes WHERE key = %s", key)  # fmt: skip
        return failures, blocked


@pytest.fixture
def line(database: Database, peek: Peek) -> Line:
    """Nobody waits yet."""
    return Line(database, peek, session(database, Keyed.name, Toy.name, threads=64))
