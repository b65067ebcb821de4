"""Tables `imports` and `import_rejects`: files of leads, and every row that was not taken, with why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from db.pool import Tx
from schemas.errors import NoSuchRow


@dataclass(frozen=True, slots=True)
class Import:
    """One file and what became of its rows: `rows` is the sum of the other three."""

    id: UUID
    tenant_id: UUID
    filename: str
    header: str
    rows: int
    created: int
    updated: int
    rejected: int
    operator: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that could not be taken: where it begins, as it stands there, and why."""

    line: int
    raw: str
    field: str
    reason: str


_SELECT: LiteralString = """
        SELECT id, tenant_id, filename, header, rows, created, updated, rejected, operator, created_at
          FROM outrider.imports
"""


def find_locked(tx: Tx, sha256: bytes) -> Import | None:
    """What the tenant's import of this very file gave; None: there was none.

    Until `tx` ends nobody else imports the same file, so that of two at once one sees the other.
    """
    tx.run(
        """
        SELECT pg_advisory_xact_lock(hashtextextended(
                 'import:' || outrider.current_tenant_id()::text || encode(%(sha)s, 'hex'), 0))
        """,
        {"sha": sha256},
    )
    return tx.find(Import, _SELECT + " WHERE sha256 = %(sha)s", {"sha": sha256})


def add(
    tx: Tx,
    *,
    filename: str,
    header: str,
    sha256: bytes,
    created: int,
    updated: int,
    rejects: Sequence[Reject],
    operator: str,
) -> Import:
    """Write down a file that was taken, with its wrong rows; the caller holds `find_locked`."""
    made = tx.one(
        Import,
        """
        INSERT INTO outrider.imports (filename, header, sha256, rows, created, updated, rejected, operator)
        VALUES (%(filename)s, %(header)s, %(sha)s, %(created)s + %(updated)s + %(rejected)s,
                %(created)s, %(updated)s, %(rejected)s, %(operator)s)
        RETURNING id, tenant_id, filename, header, rows, created, updated, rejected, operator, created_at
        """,
        {"filename": filename, "header": header, "sha": sha256, "created": created,
         "updated": updated, "rejected": len(rejects), "operator": operator},
    )  # fmt: skip
    with tx.conn.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO outrider.import_rejects (import_id, line, raw, field, reason)
            VALUES (%(import)s, %(line)s, %(raw)s, %(field)s, %(reason)s)
            """,
            [{"import": made.id, "line": reject.line, "raw": reject.raw, "field": reject.field,
              "reason": reject.reason} for reject in rejects],
        )  # fmt: skip
    return made


def get(tx: Tx, import_id: UUID) -> Import:
    """One import. Raises NoSuchRow."""
    found = tx.find(Import, _SELECT + " WHERE id = %(id)s", {"id": import_id})
    if found is None:
        raise NoSuchRow("import", import_id)
    return found


def list_all(tx: Tx) -> list[Import]:
    """Every import of the tenant, newest first."""
    return tx.list(
        Import, _SELECT + " WHERE tenant_id = outrider.current_tenant_id() ORDER BY id DESC"
    )


def list_rejects(tx: Tx, import_id: UUID) -> list[Reject]:
    """The rows that were not taken, by line. Needs a tenant's hat: they are as people wrote them."""
    return tx.list(
        Reject,
        """
        SELECT line, raw, field, reason FROM outrider.import_rejects
         WHERE import_id = %(id)s ORDER BY line
        """,
        {"id": import_id},
    )
