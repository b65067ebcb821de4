"""Jobs that wait to try again, and why, across tenants. Needs the operator's hat; counts no endless backlog."""

from dataclasses import dataclass
from datetime import datetime

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Backoff:
    """Jobs of one actor and tenant that wait to try again, for one reason."""

    actor: str
    tenant: str | None
    jobs: int
    next_at: datetime
    because: str | None


def list_reasons(tx: Tx, *, limit: int) -> list[Backoff]:
    """Why jobs wait to try again, the most frequent reason first; of the 10,000 that are due first."""
    return tx.list(
        Backoff,
        """
        SELECT j.actor, t.slug AS tenant, count(*) AS jobs, min(j.retry_at) AS next_at,
               j.last_error AS because
          FROM (SELECT f.actor, f.tenant_id, f.retry_at, f.last_error FROM outrider.jobs f
                 WHERE f.state = 'delayed' AND f.retry_at IS NOT NULL
                 ORDER BY f.retry_at LIMIT 10000) j
          LEFT JOIN outrider.tenants t ON t.id = j.tenant_id
         GROUP BY j.actor, t.slug, j.last_error ORDER BY jobs DESC, next_at LIMIT %(limit)s
        """,
        {"limit": limit},
    )
