"""What an operator says of a lane or of a tenant's share. Needs the operator's hat."""

from datetime import timedelta
from uuid import UUID

from db.pool import Tx


def make(tx: Tx, *, tenant_id: UUID | None, actor: str, key: str) -> int:
    """The lane's id; made when no job ever waited in it, so that orders can be given in advance.

    No pick runs until `tx` ends: it would hold the lane's row, and wait for it, in the other order.
    """
    tx.run("SELECT pg_advisory_xact_lock(7362004)")
    lane_id = tx.value(
        """
        INSERT INTO outrider.lanes (id, tenant_id, actor, key)
        VALUES (outrider.lane_of(%(tenant)s, %(actor)s, %(key)s), %(tenant)s, %(actor)s, %(key)s)
            ON CONFLICT (id) DO UPDATE SET key = excluded.key RETURNING id
        """,
        {"tenant": tenant_id, "actor": actor, "key": key},
    )
    return int(str(lane_id))


def limit(
    tx: Tx,
    lane_id: int,
    *,
    weight: float | None,
    max_running: int | None,
    rate_every: timedelta | None,
    burst: int | None,
) -> None:
    """Set what is not None; the rest stays."""
    tx.run(
        """
        UPDATE outrider.lanes
           SET weight = coalesce(%(weight)s, weight), burst = coalesce(%(burst)s, burst),
               max_running = coalesce(%(running)s, max_running),
               rate_every = coalesce(%(every)s, rate_every)
         WHERE id = %(lane)s
        """,
        {
            "lane": lane_id,
            "weight": weight,
            "running": max_running,
            "every": rate_every,
            "burst": burst,
        },
    )


def unlimit(tx: Tx, lane_id: int) -> None:
    """Back to what the code says of this actor's lanes."""
    tx.run(
        """
        UPDATE outrider.lanes SET weight = 1, max_running = NULL, rate_every = NULL, burst = NULL
         WHERE id = %(lane)s
        """,
        {"lane": lane_id},
    )


def pause(tx: Tx, lane_id: int, *, by: str, reason: str) -> bool:
    """Start nothing in this lane until somebody resumes it; False when it is paused already."""
    paused = tx.run(
        """
        UPDATE outrider.lanes SET paused_at = clock_timestamp(), paused_by = %(by)s,
               pause_reason = %(reason)s
         WHERE id = %(lane)s AND paused_at IS NULL
        """,
        {"lane": lane_id, "by": by, "reason": reason},
    )
    recall(tx, lane_id=lane_id)
    return bool(paused)


def resume(tx: Tx, lane_id: int) -> bool:
    """Open a lane: no pause, no block, no failures counted; False when it was open."""
    return bool(
        tx.run(
            """
            UPDATE outrider.lanes SET paused_at = NULL, paused_by = NULL, pause_reason = NULL,
                   blocked_until = NULL, blocked_because = NULL, failures = 0
             WHERE id = %(lane)s
               AND (paused_at IS NOT NULL OR blocked_until IS NOT NULL OR failures > 0)
            """,
            {"lane": lane_id},
        )
    )


def weigh(tx: Tx, tenant_id: UUID, weight: float) -> None:
    """A tenant's share among tenants: one with 2 gets twice the turns of one with 1."""
    tx.run(
        """
        INSERT INTO outrider.shares (tenant_id, weight) VALUES (%(tenant)s, %(weight)s)
            ON CONFLICT (id) DO UPDATE SET weight = excluded.weight
        """,
        {"tenant": tenant_id, "weight": weight},
    )


def recall(
    tx: Tx, *, tenant_id: UUID | None = None, actor: str | None = None, lane_id: int | None = None
) -> int:
    """Take back the tickets of a tenant, an actor or a lane; what runs, goes on. Returns how many."""
    return int(
        str(
            tx.value(
                "SELECT outrider.dispatch_recall(%(tenant)s, %(actor)s, %(lane)s)",
                {"tenant": tenant_id, "actor": actor, "lane": lane_id},
            )
        )
    )
