"""Table `retention_rules`, and forgetting by it. Needs the operator's hat: all tenants, no content."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Rule:
    """What a tenant said: `keep_days` None is for ever."""

    tenant_id: UUID
    what: str
    keep_days: int | None
    set_by: str


def list_rules(tx: Tx) -> list[Rule]:
    """Every word of every tenant, by tenant and kind."""
    return tx.list(
        Rule,
        """
        SELECT tenant_id, what, keep_days, set_by FROM outrider.retention_rules
         ORDER BY tenant_id, what
        """,
    )


def put(tx: Tx, tenant_id: UUID, what: str, *, keep_days: int | None, by: str) -> None:
    """Keep this so long from now on; what is forgotten already stays so. Idempotent."""
    tx.run(
        """
        INSERT INTO outrider.retention_rules (tenant_id, what, keep_days, set_by)
        VALUES (%(tenant)s, %(what)s, %(days)s, %(by)s)
            ON CONFLICT (tenant_id, what) DO UPDATE
           SET keep_days = excluded.keep_days, set_by = excluded.set_by, set_at = outrider.now()
        """,
        {"tenant": tenant_id, "what": what, "days": keep_days, "by": by},
    )


def remove(tx: Tx, tenant_id: UUID, what: str) -> bool:
    """As the house keeps it from now on; False when it was so."""
    return bool(
        tx.run(
            "DELETE FROM outrider.retention_rules WHERE tenant_id = %(tenant)s AND what = %(what)s",
            {"tenant": tenant_id, "what": what},
        )
    )


def forget(tx: Tx, what: str, tenant_id: UUID | None, *, age: timedelta, limit: int) -> int:
    """Forget at most `limit` things of a kind that are older; how many there were."""
    return _retain(tx, what, tenant_id, age, limit, dry=False)


def count(tx: Tx, what: str, tenant_id: UUID | None, *, age: timedelta) -> int:
    """How many things of a kind `forget` would forget, in as many goes as it takes."""
    return _retain(tx, what, tenant_id, age, None, dry=True)


def _retain(
    tx: Tx, what: str, tenant_id: UUID | None, age: timedelta, limit: int | None, *, dry: bool
) -> int:
    forgotten = tx.value(
        """
        SELECT outrider.retain(%(what)s, %(tenant)s, outrider.now() - %(age)s, %(limit)s, %(dry)s)
        """,
        {"what": what, "tenant": tenant_id, "age": age, "limit": limit, "dry": dry},
    )
    return int(str(forgotten))
