"""Table `audit_logs`: who did what and why. Insert-only: no role can rewrite it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx


def record(
    tx: Tx,
    *,
    operator: str,
    action: str,
    resource_type: str,
    resource_id: str,
    reason: str | None,
    tenant_id: UUID | None = None,
    details: Mapping[str, object] | None = None,
) -> None:
    """Write one line of the trail in the transaction that does what it says.

    `tenant_id` defaults to the transaction's tenant. `details` are JSON-able ids and counts, never
    addresses or secrets.
    """
    tx.run(
        """
        INSERT INTO outrider.audit_logs
               (tenant_id, operator, action, resource_type, resource_id, reason, details)
        VALUES (coalesce(%(tenant)s::uuid, outrider.current_tenant_id()), %(operator)s, %(action)s,
                %(type)s, %(id)s, %(reason)s, %(details)s)
        """,
        {
            "tenant": tenant_id,
            "operator": operator,
            "action": action,
            "type": resource_type,
            "id": resource_id,
            "reason": reason,
            "details": Jsonb(dict(details or {})),
        },
    )


def record_all(
    tx: Tx,
    *,
    operator: str,
    action: str,
    resource_type: str,
    resource_ids: Sequence[int],
    reason: str,
    details: Mapping[str, object],
) -> None:
    """As `record`, a line for each of many things that one command did in the transaction's tenant."""
    tx.run(
        """
        INSERT INTO outrider.audit_logs
               (tenant_id, operator, action, resource_type, resource_id, reason, details)
        SELECT outrider.current_tenant_id(), %(operator)s, %(action)s, %(type)s, id::text, %(reason)s,
               %(details)s
          FROM unnest(%(ids)s::bigint[]) AS id
        """,
        {
            "operator": operator,
            "action": action,
            "type": resource_type,
            "ids": list(resource_ids),
            "reason": reason,
            "details": Jsonb(dict(details)),
        },
    )
