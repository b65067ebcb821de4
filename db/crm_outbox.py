"""Table `crm_outbox`: leads whose change a CRM has not confirmed. A trigger fills it.

A row leaves only when the very version that was read is the one that was told: a change on the way
counts the version up, and the row stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx
from schemas.enums import LeadStatus, SuppressionReason


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lead of a batch: what there is to tell, and what was told before."""

    connection_id: UUID
    lead_id: UUID
    version: int
    tries: int
    payload_hash: str | None
    deleted: bool
    suppressed: SuppressionReason | None
    email: str | None
    first_name: str | None
    last_name: str | None
    full_name: str | None
    title: str | None
    phone: str | None
    linkedin_url: str | None
    company_name: str | None
    company_domain: str | None
    website: str | None
    country: str | None
    source: str
    status: LeadStatus
    score: int | None
    tier: str | None
    last_intent: str | None
    captured_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", LeadStatus(self.status))
        if self.suppressed is not None:
            object.__setattr__(self, "suppressed", SuppressionReason(self.suppressed))


def collect(tx: Tx, connection_id: UUID, *, limit: int = 100) -> UUID | None:
    """Make one batch of the rows that wait longest; None when none waits. Others are not waited for."""
    found = tx.value(
        """
        WITH free AS MATERIALIZED (
            SELECT connection_id, lead_id FROM outrider.crm_outbox
             WHERE connection_id = %(id)s AND batch_id IS NULL
               AND tenant_id = outrider.current_tenant_id()
             ORDER BY queued_at, lead_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ), batch AS MATERIALIZED (
            SELECT outrider.uuid_v7() AS id
        )
        UPDATE outrider.crm_outbox o SET batch_id = batch.id FROM free, batch
         WHERE o.connection_id = free.connection_id AND o.lead_id = free.lead_id
        RETURNING o.batch_id
        """,
        {"id": connection_id, "limit": limit},
    )
    return found if isinstance(found, UUID) else None


def free_orphans(tx: Tx) -> int:
    """Free the rows of batches that nobody will send: no job has them, and no open dead letter."""
    return tx.run(
        """
        UPDATE outrider.crm_outbox o SET batch_id = NULL
         WHERE o.batch_id IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM outrider.jobs j WHERE j.actor = 'crm.upsert'
                              AND j.payload ->> 'batch_id' = o.batch_id::text)
           AND NOT EXISTS (SELECT 1 FROM outrider.dead_letters d WHERE d.actor = 'crm.upsert'
                              AND d.status = 'open'
                              AND d.payload ->> 'batch_id' = o.batch_id::text)
        """
    )


def list_batch(tx: Tx, batch_id: UUID) -> list[Waiting]:
    """The leads of a batch as they are now, in one look, by id; none when the batch is through."""
    return tx.list(
        Waiting,
        """
        SELECT o.connection_id, o.lead_id, o.version, o.tries, k.payload_hash,
               l.deleted_at IS NOT NULL AS deleted,
               outrider.suppressed_because(l.email, l.phone, l.linkedin_url, l.company_name,
                                           l.company_domain) AS suppressed,
               l.email, l.first_name, l.last_name, l.full_name, l.title, l.phone, l.linkedin_url,
               l.company_name, l.company_domain, l.website, l.country, l.source, l.status, l.score,
               l.tier, l.created_at AS captured_at,
               (SELECT r.intent FROM outrider.replies r
                 WHERE r.tenant_id = l.tenant_id AND r.lead_id = l.id
                 ORDER BY r.classified_at DESC, r.id DESC LIMIT 1) AS last_intent
          FROM outrider.crm_outbox o
          JOIN outrider.leads l ON l.tenant_id = o.tenant_id AND l.id = o.lead_id
          LEFT JOIN outrider.crm_links k
            ON k.connection_id = o.connection_id AND k.lead_id = o.lead_id
         WHERE o.batch_id = %(batch)s ORDER BY o.lead_id
        """,
        {"batch": batch_id},
    )


def settle(
    tx: Tx, batch_id: UUID, *, told: Mapping[UUID, int], refused: Sequence[UUID] = ()
) -> None:
    """End a batch: rows that are still at the version told leave, all others are free again.

    `refused` names those of the others that count one try more.
    """
    tx.run(
        """
        SELECT 1 FROM outrider.crm_outbox WHERE batch_id = %(batch)s ORDER BY lead_id FOR UPDATE
        """,
        {"batch": batch_id},
    )
    tx.run(
        """
        DELETE FROM outrider.crm_outbox o
         USING jsonb_to_recordset(%(told)s) AS t (lead_id uuid, version bigint)
         WHERE o.batch_id = %(batch)s AND o.lead_id = t.lead_id AND o.version = t.version
        """,
        {
            "batch": batch_id,
            "told": Jsonb([{"lead_id": str(k), "version": v} for k, v in told.items()]),
        },
    )
    tx.run(
        """
        UPDATE outrider.crm_outbox
           SET batch_id = NULL, tries = tries + (lead_id = ANY(%(refused)s::uuid[]))::int
         WHERE batch_id = %(batch)s
        """,
        {"batch": batch_id, "refused": list(refused)},
    )


def anybody_waits(tx: Tx, connection_id: UUID) -> bool:
    """Whether a connection has rows that no batch has."""
    return bool(
        tx.value(
            """
            SELECT EXISTS (SELECT 1 FROM outrider.crm_outbox
                            WHERE tenant_id = outrider.current_tenant_id()
                              AND connection_id = %(id)s AND batch_id IS NULL)
            """,
            {"id": connection_id},
        )
    )


def count(tx: Tx, connection_id: UUID) -> int:
    """How many leads a CRM has yet to hear of, on their way or not."""
    return int(
        str(
            tx.value(
                "SELECT count(*) FROM outrider.crm_outbox WHERE connection_id = %(id)s",
                {"id": connection_id},
            )
        )
    )


def queue_all(tx: Tx, connection_id: UUID) -> int:
    """Tell a CRM again of every lead that it knows or should know; how many those are."""
    return tx.run(
        """
        INSERT INTO outrider.crm_outbox AS o (tenant_id, connection_id, lead_id)
        SELECT c.tenant_id, c.id, l.id
          FROM outrider.crm_connections c
          JOIN outrider.leads l ON l.tenant_id = c.tenant_id AND l.deleted_at IS NULL
          LEFT JOIN outrider.crm_links k ON k.connection_id = c.id AND k.lead_id = l.id
         WHERE c.id = %(id)s AND c.deleted_at IS NULL
           AND (l.status = ANY (c.push_on) OR k.lead_id IS NOT NULL)
         ORDER BY l.id
            ON CONFLICT (connection_id, lead_id)
            DO UPDATE SET version = o.version + 1, tries = 0
        """,
        {"id": connection_id},
    )


def list_waiting_tenants(tx: Tx) -> list[UUID]:
    """Tenants with leads that no batch has taken, while their CRM works. Needs the operator's hat."""
    rows = tx.conn.execute(
        """
        SELECT DISTINCT o.tenant_id
          FROM outrider.crm_outbox o JOIN outrider.crm_connections c ON c.id = o.connection_id
         WHERE o.batch_id IS NULL AND c.status = 'connected' AND c.deleted_at IS NULL
         ORDER BY o.tenant_id
        """
    ).fetchall()
    return [UUID(str(tenant_id)) for (tenant_id,) in rows]
