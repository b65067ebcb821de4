"""Table `crm_links`: which lead is which contact over there, and what it was last told."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Link:
    """A lead, its contact, and the hash of what the CRM accepted."""

    lead_id: UUID
    remote_id: str
    payload_hash: str


def forget(tx: Tx, connection_id: UUID, lead_ids: Sequence[UUID] | None = None) -> None:
    """What these leads' contacts were last told is not known any more; None: of all leads.

    Goes before a call whose answer may be lost: the contact may hold either then.
    """
    tx.run(
        """
        UPDATE outrider.crm_links SET payload_hash = ''
         WHERE connection_id = %(id)s AND payload_hash <> ''
           AND (%(leads)s::uuid[] IS NULL OR lead_id = ANY(%(leads)s::uuid[]))
        """,
        {"id": connection_id, "leads": None if lead_ids is None else list(lead_ids)},
    )


def record(tx: Tx, connection_id: UUID, links: Sequence[Link]) -> None:
    """Keep links and their hashes. A contact that was another lead's moves to who was told last."""
    told = Jsonb([{"lead_id": str(k.lead_id), "remote_id": k.remote_id, "hash": k.payload_hash}
                  for k in links])  # fmt: skip
    params = {"id": connection_id, "links": told}
    tx.run(
        """
        DELETE FROM outrider.crm_links k
         USING jsonb_to_recordset(%(links)s) AS t (lead_id uuid, remote_id text)
         WHERE k.connection_id = %(id)s AND k.remote_id = t.remote_id AND k.lead_id <> t.lead_id
        """,
        params,
    )
    tx.run(
        """
        INSERT INTO outrider.crm_links AS k (connection_id, lead_id, remote_id, payload_hash)
        SELECT %(id)s, t.lead_id, t.remote_id, t.hash
          FROM jsonb_to_recordset(%(links)s) AS t (lead_id uuid, remote_id text, hash text)
         ORDER BY t.lead_id
        ON CONFLICT (connection_id, lead_id) DO UPDATE
           SET remote_id = excluded.remote_id, payload_hash = excluded.payload_hash,
               pushed_at = excluded.pushed_at
        """,
        params,
    )
