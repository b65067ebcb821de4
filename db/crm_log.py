"""Table `crm_log`: every contact that was pushed, with its outcome. Insert-only; keeps no value."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx

What = Literal["created", "updated", "unchanged", "failed"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one lead in one batch; `fields` are names."""

    lead_id: UUID
    outcome: What
    remote_id: str | None = None
    error_code: str | None = None
    error: str | None = None
    fields: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log, for people."""

    occurred_at: datetime
    provider: str
    lead_id: UUID | None
    outcome: str
    remote_id: str | None
    error_code: str | None
    error: str | None
    fields: Sequence[str]
    batch_id: UUID | None


def add_all(tx: Tx, connection_id: UUID, batch_id: UUID, entries: Sequence[Entry]) -> None:
    """Write one line per entry, in one statement."""
    records = [{**asdict(entry), "lead_id": str(entry.lead_id)} for entry in entries]
    tx.run(
        """
        INSERT INTO outrider.crm_log (connection_id, batch_id, lead_id, outcome, remote_id,
                                      error_code, error, fields)
        SELECT %(connection)s, %(batch)s, e.lead_id, e.outcome, e.remote_id, e.error_code, e.error,
               e.fields
          FROM jsonb_to_recordset(%(entries)s) AS e (
               lead_id uuid, outcome text, remote_id text, error_code text, error text,
               fields text[])
        """,
        {"connection": connection_id, "batch": batch_id, "entries": Jsonb(records)},
    )


def list_recent(tx: Tx, *, outcome: What | None, limit: int) -> list[Line]:
    """The tenant's newest lines, newest first; None: every outcome."""
    return tx.list(
        Line,
        """
        SELECT g.occurred_at, c.provider, g.lead_id, g.outcome, g.remote_id, g.error_code, g.error,
               g.fields, g.batch_id
          FROM outrider.crm_log g JOIN outrider.crm_connections c ON c.id = g.connection_id
         WHERE %(outcome)s::text IS NULL OR g.outcome = %(outcome)s
         ORDER BY g.id DESC LIMIT %(limit)s
        """,
        {"outcome": outcome, "limit": limit},
    )
