"""Table `imports`: files of people, how far each was taken, and what became of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx
from schemas.enums import ImportKind, OnDuplicate
from schemas.errors import Busy, NoSuchRow


@dataclass(frozen=True, slots=True)
class Import:
    """One file. `total` is the sum of the other five counts, always."""

    id: UUID
    tenant_id: UUID
    kind: ImportKind
    filename: str
    format: str
    header: str
    mapping: dict[str, str]
    source: str
    on_duplicate: OnDuplicate
    total: int
    imported: int
    updated: int
    skipped: int
    failed: int
    pending: int
    taken_to: int
    by_job: bool
    operator: str
    created_at: datetime
    finished_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", ImportKind(self.kind))
        object.__setattr__(self, "on_duplicate", OnDuplicate(self.on_duplicate))


@dataclass(frozen=True, slots=True)
class NewImport:
    """What is known of a file before its first row is read."""

    kind: ImportKind
    filename: str
    format: str
    header: str
    mapping: Mapping[str, str]
    sha256: bytes
    source: str | None
    on_duplicate: OnDuplicate
    operator: str
    by_job: bool = False


_SELECT: LiteralString = """
        SELECT id, tenant_id, kind, filename, format, header, mapping, coalesce(source, 'import:' || filename) AS source,
               on_duplicate, rows AS total, created AS imported, updated, skipped, rejected AS failed,
               pending, taken_to, by_job, operator, created_at, finished_at
          FROM outrider.imports
"""


def find_locked(tx: Tx, kind: ImportKind, sha256: bytes) -> Import | None:
    """What the tenant's import of this very file gave so far; None: there was none.

    Until `tx` ends nobody else stages the same file. Raises Busy while somebody does.
    """
    free = tx.value(
        """
        SELECT pg_try_advisory_xact_lock(hashtextextended(
                 'import:' || outrider.current_tenant_id()::text || %(kind)s || encode(%(sha)s, 'hex'), 0))
        """,
        {"kind": kind, "sha": sha256},
    )
    if not free:
        raise Busy("This very file is being read by somebody else; look again in a minute.",
                   retry_after=timedelta(minutes=1))  # fmt: skip
    return tx.find(
        Import,
        _SELECT + " WHERE kind = %(kind)s::outrider.import_kind AND sha256 = %(sha)s",
        {"kind": kind, "sha": sha256},
    )


def add(tx: Tx, new: NewImport) -> UUID:
    """Write down a file whose rows follow in the same transaction; the caller holds `find_locked`."""
    made = tx.value(
        """
        INSERT INTO outrider.imports (kind, filename, format, header, mapping, sha256, source, on_duplicate, operator,
                                      by_job, rows_kept, rows, created, updated, rejected)
        VALUES (%(kind)s::outrider.import_kind, %(filename)s, %(format)s, %(header)s, %(mapping)s, %(sha)s, %(source)s,
                %(policy)s::outrider.on_duplicate, %(operator)s, %(by_job)s, true, 0, 0, 0, 0)
        RETURNING id
        """,
        {"kind": new.kind, "filename": new.filename, "format": new.format, "header": new.header, "mapping": Jsonb(dict(new.mapping)),
         "sha": new.sha256, "source": new.source, "policy": new.on_duplicate,
         "operator": new.operator, "by_job": new.by_job},
    )  # fmt: skip
    assert isinstance(made, UUID)
    return made


def get(tx: Tx, import_id: UUID) -> Import:
    """One import. Raises NoSuchRow."""
    return _get(tx, import_id, _SELECT + " WHERE id = %(id)s")


def get_locked(tx: Tx, import_id: UUID) -> Import:
    """One import, whose rows nobody else takes until the transaction ends. Raises NoSuchRow."""
    return _get(tx, import_id, _SELECT + " WHERE id = %(id)s FOR UPDATE")


def _get(tx: Tx, import_id: UUID, query: LiteralString) -> Import:
    found = tx.find(Import, query, {"id": import_id})
    if found is None:
        raise NoSuchRow("import", import_id)
    return found


def list_all(tx: Tx) -> list[Import]:
    """Every import of the tenant, newest first."""
    return tx.list(
        Import, _SELECT + " WHERE tenant_id = outrider.current_tenant_id() ORDER BY id DESC"
    )


def recount(tx: Tx, import_id: UUID) -> Import:
    """Bring the counts of a locked import up to its rows, and begin at its first line again."""
    tx.run(
        """
        UPDATE outrider.imports i
           SET rows = c.total, created = c.imported, updated = c.updated, skipped = c.skipped,
               rejected = c.failed, pending = c.pending, taken_to = 0,
               finished_at = CASE WHEN c.pending = 0 THEN outrider.now() END
          FROM (SELECT count(*) AS total,
                       count(*) FILTER (WHERE status = 'imported') AS imported,
                       count(*) FILTER (WHERE status = 'updated') AS updated,
                       count(*) FILTER (WHERE status = 'skipped') AS skipped,
                       count(*) FILTER (WHERE status = 'failed') AS failed,
                       count(*) FILTER (WHERE status = 'pending') AS pending
                  FROM outrider.import_rows WHERE import_id = %(id)s) c
         WHERE i.id = %(id)s
        """,
        {"id": import_id},
    )
    return get(tx, import_id)


@dataclass(frozen=True, slots=True)
class Fates:
    """How many rows of a slice came to what."""

    imported: int = 0
    updated: int = 0
    skipped: int = 0
    failed: int = 0

    def __add__(self, other: "Fates") -> "Fates":
        return Fates(self.imported + other.imported, self.updated + other.updated,
                     self.skipped + other.skipped, self.failed + other.failed)  # fmt: skip

    @property
    def rows(self) -> int:
        """All of them."""
        return self.imported + self.updated + self.skipped + self.failed


def advance(tx: Tx, import_id: UUID, fates: Fates, *, taken_to: int) -> int:
    """Book a slice of a locked import; returns how many rows are left."""
    left = tx.value(
        """
        UPDATE outrider.imports
           SET created = created + %(imported)s, updated = updated + %(updated)s,
               skipped = skipped + %(skipped)s, rejected = rejected + %(failed)s,
               pending = pending - %(rows)s, taken_to = %(taken_to)s,
               finished_at = CASE WHEN pending = %(rows)s THEN outrider.now() END
         WHERE id = %(id)s
        RETURNING pending
        """,
        {"id": import_id, "imported": fates.imported, "updated": fates.updated,
         "skipped": fates.skipped, "failed": fates.failed, "rows": fates.rows, "taken_to": taken_to},
    )  # fmt: skip
    return int(str(left))
