"""The next slice of a staged file: taken, booked and counted in one transaction. Idempotent by what is booked."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from db import import_leads, import_suppressions, imports, plans
from db.pool import Tx
from schemas.enums import ImportKind

SLICE = 1000
"""Rows of one transaction."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What became of it; no two have one `id`. `leads` begin their journey, or go it again, and `left` rows still wait."""

    id: UUID
    taken: int
    left: int
    leads: tuple[UUID, ...] = ()
    listed: bool = False
    """Somebody was put on a list of those never to be written to."""


def take(tx: Tx, import_id: UUID, *, rows: int = SLICE) -> Slice:
    """Take the next rows of an import, while nobody else does.

    New leads stop at what the tenant's plan holds. The caller states what follows from it in the
    same transaction. Raises NoSuchRow.
    """
    file = imports.get_locked(tx, import_id)
    found = tx.conn.execute(
        """
        SELECT line FROM outrider.import_rows
         WHERE import_id = %(id)s AND line > %(after)s AND status = 'pending'
         ORDER BY line LIMIT %(rows)s
        """,
        {"id": import_id, "after": file.taken_to, "rows": rows},
    ).fetchall()
    lines = [int(str(line)) for (line,) in found]
    slice_id = uuid4()
    if not lines:
        return Slice(slice_id, 0, file.pending)
    if file.kind is ImportKind.LEADS:
        taken = import_leads.take(tx, file, lines, room=plans.room(tx))
        fates, leads = taken.fates, tuple(dict.fromkeys(taken.leads))
    else:
        fates, leads = import_suppressions.take(tx, file, lines), ()
    left = imports.advance(tx, import_id, fates, taken_to=lines[-1])
    return Slice(slice_id, len(lines), left, leads, listed=not leads and fates.imported > 0)
