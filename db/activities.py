"""Table `activities`: what happened to a lead that no other table remembers in order. Insert-only.

Enrollments' moves and suppressions get there by triggers, whoever makes them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Tx
from schemas.enums import ActivityKind


@dataclass(frozen=True, slots=True)
class Refused:
    """A move that was asked for and is none."""

    occurred_at: datetime
    lead_id: UUID
    job_id: int | None
    text: str


def record(tx: Tx, lead_ids: Collection[UUID], kind: ActivityKind, text: str) -> None:
    """Add the same line to the story of each of these leads. `text` holds no personal data."""
    tx.run(
        """
        INSERT INTO outrider.activities (lead_id, kind, text, job_id, occurred_at)
        SELECT id, %(kind)s::outrider.activity_kind, %(text)s, (SELECT outrider.current_job_id()), (SELECT outrider.now())
          FROM unnest(%(ids)s::uuid[]) AS id
        """,
        {"ids": list(lead_ids), "kind": kind, "text": text},
    )


def list_refused(tx: Tx, *, limit: int) -> list[Refused]:
    """The moves of the tenant's leads that were refused, newest first."""
    return tx.list(
        Refused,
        """
        SELECT occurred_at, lead_id, job_id, text FROM outrider.activities
         WHERE kind = 'refused' AND tenant_id = outrider.current_tenant_id()
         ORDER BY id DESC LIMIT %(limit)s
        """,
        {"limit": limit},
    )
