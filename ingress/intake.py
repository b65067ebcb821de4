"""A file comes in: every row is read, judged and kept in one transaction, or nothing is. Nobody is captured yet."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from db import Tx, audit, import_rows, imports
from db.imports import Import, NewImport
from schemas.enums import ImportKind, OnDuplicate
from schemas.errors import Permanent
from schemas.imports import Judged, judge
from schemas.lead_files import LeadFile, Row


@dataclass(frozen=True, slots=True)
class Staged:
    """An import whose rows are kept. `known`: this very file came before, and this is how far it is."""

    file: Import
    known: bool


def _nobody(_lines: int) -> None:
    """Whoever does not care for progress."""


def stage(
    tx: Tx,
    file: LeadFile,
    *,
    kind: ImportKind,
    filename: str,
    operator: str,
    source: str | None = None,
    on_duplicate: OnDuplicate = OnDuplicate.UPDATE,
    by_job: bool = False,
    progress: Callable[[int], None] = _nobody,
) -> Staged:
    """Keep the rows of a file, right and wrong ones; idempotent by the kind and the file's bytes.

    `progress` hears the number of rows so far. Raises Permanent for a file without rows, Busy while
    somebody else stages the same.
    """
    if known := imports.find_locked(tx, kind, file.sha256):
        return Staged(known, known=True)
    import_id = imports.add(tx, NewImport(kind, filename, file.format, file.header, file.told, file.sha256,
                                          source, on_duplicate, operator, by_job))  # fmt: skip
    if not import_rows.stage(tx, import_id, judged(file.rows, kind, progress)):
        raise Permanent("file: has no rows.")
    staged = imports.recount(tx, import_id)
    record(tx, staged, operator, "import")
    return Staged(staged, known=False)


def judged(
    rows: Iterable[Row], kind: ImportKind, progress: Callable[[int], None] = _nobody
) -> Iterator[Judged]:
    """What each row comes to; `progress` hears now and then how many there were."""
    for count, row in enumerate(rows, 1):
        yield judge(row, kind)
        if count % 1000 == 0:
            progress(count)


def record(tx: Tx, file: Import, operator: str, action: str) -> None:
    """One line of the audit trail: who did what with a file."""
    audit.record(tx, operator=operator, action=action, resource_type="import",
                 resource_id=str(file.id), reason=None,
                 details={"kind": file.kind, "rows": file.total, "pending": file.pending, "failed": file.failed})  # fmt: skip
