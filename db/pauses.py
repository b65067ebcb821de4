"""Table `pauses`: tenants and actors that get no new work until somebody resumes them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Pause:
    """One standing pause; exactly one of tenant and actor is set."""

    tenant_id: UUID | None
    actor: str | None
    reason: str
    paused_by: str
    paused_at: datetime


def add(tx: Tx, *, tenant_id: UUID | None, actor: str | None, reason: str, by: str) -> bool:
    """Pause one tenant or one actor; False when it is paused already."""
    return bool(
        tx.run(
            """
            INSERT INTO outrider.pauses (tenant_id, actor, reason, paused_by)
            VALUES (%(tenant)s, %(actor)s, %(reason)s, %(by)s) ON CONFLICT DO NOTHING
            """,
            {"tenant": tenant_id, "actor": actor, "reason": reason, "by": by},
        )
    )


def remove(tx: Tx, *, tenant_id: UUID | None, actor: str | None) -> bool:
    """Resume; False when it was not paused."""
    return bool(
        tx.run(
            """
            DELETE FROM outrider.pauses
             WHERE tenant_id IS NOT DISTINCT FROM %(tenant)s::uuid
               AND actor IS NOT DISTINCT FROM %(actor)s::text
            """,
            {"tenant": tenant_id, "actor": actor},
        )
    )


def list_standing(tx: Tx) -> list[Pause]:
    """Every pause, oldest first."""
    return tx.list(
        Pause,
        "SELECT tenant_id, actor, reason, paused_by, paused_at FROM outrider.pauses ORDER BY id",
    )
