"""Table `mailbox_watches`: which process listens to which mailbox; a hint, never a lock."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Watched:
    """A mailbox that this process listens to for now."""

    tenant_id: UUID
    mailbox_id: UUID


def watch(tx: Tx, session_id: int, *, lease: timedelta, limit: int) -> list[Watched]:
    """Keep, take or inherit up to `limit` mailboxes of all tenants for `lease`; those that are mine.

    Needs the dispatcher's hat. Whoever died, or was silent for a lease, is inherited from.
    """
    return tx.list(
        Watched,
        """
        SELECT tenant_id, mailbox_id
          FROM outrider.watch_mailboxes(%(session)s, %(lease)s, %(limit)s) ORDER BY mailbox_id
        """,
        {"session": session_id, "lease": lease, "limit": limit},
    )
