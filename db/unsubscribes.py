"""The door behind an unsubscribe link: whose it is, and which addresses it stands for."""

from dataclasses import dataclass
from uuid import UUID

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Door:
    """Who wrote the mail that the link was in, and to whom; no address."""

    tenant_id: UUID
    tenant_name: str
    enrollment_id: UUID
    lead_id: UUID


def find_door(tx: Tx, token: str) -> Door | None:
    """The door of one token; None when nobody was given it.

    Needs the ingress hat, which can ask for one token at a time and list none.
    """
    return tx.find(
        Door,
        """
        SELECT tenant_id, tenant_name, enrollment_id, lead_id
          FROM outrider.unsubscribe_door(%(token)s)
        """,
        {"token": token},
    )


def list_addresses(tx: Tx, door: Door) -> list[str]:
    """Where this person was written to or would be: the lead's address, and those of our mails."""
    rows = tx.conn.execute(
        """
        SELECT email FROM outrider.leads WHERE id = %(lead)s AND email IS NOT NULL
         UNION
        SELECT to_address FROM outrider.messages
         WHERE enrollment_id = %(enrollment)s AND direction = 'outbound' AND to_address <> ''
         ORDER BY 1
        """,
        {"lead": door.lead_id, "enrollment": door.enrollment_id},
    ).fetchall()
    return [str(email) for (email,) in rows]
