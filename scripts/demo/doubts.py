"""The operator of the play: settles every doubt by what the mail server's log says, and notes it down.

A crash leaves calls whose end nobody knows. Where the provider keeps a copy of what was sent the
fleet finds out by itself; for the others somebody has to ask, and this is who does.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from db import Database, effects, outcomes
from workers.doubts import settle


@dataclass(frozen=True, slots=True)
class Settled:
    """A doubt that there was, why, and what the mail server's log said."""

    key: str
    reason: str
    in_archive: bool


@dataclass(slots=True)
class Operator:
    """Whoever is called when something waits for a person."""

    database: Database
    tenant_id: UUID
    settled: list[Settled] = field(default_factory=list[Settled])

    def settle_all(self, archive: Collection[str]) -> int:
        """Settle every open doubt; `archive` are the Message-IDs that the mail server took."""
        with self.database.hat("operator") as tx:
            doubts = effects.list_doubts(tx, tenant_id=self.tenant_id, limit=1000)
        if not doubts:
            return 0
        with self.database.tenant(self.tenant_id) as tx:
            names = {sent.effect_key: sent.rfc_message_id for sent in outcomes.list_outgoing(tx)}
        for doubt in doubts:
            taken = names.get(doubt.key) in archive
            settle(self.database, self.tenant_id, doubt.key, happened=taken, operator="demo",
                   reason="the mail server's log")  # fmt: skip
            self.settled.append(Settled(doubt.key, doubt.reason or "", taken))
        return len(doubts)
