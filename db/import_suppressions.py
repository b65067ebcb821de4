"""A slice of a file's rows becomes suppressions: customers, and lists of who must never be written to."""

from collections.abc import Sequence
from dataclasses import dataclass

from db import enrollments, import_rows, suppressions
from db.imports import Fates, Import
from db.pool import Tx
from schemas.enums import ImportKind, RowStatus, SuppressionKind, SuppressionReason

_REASONS = {
    ImportKind.CUSTOMERS: SuppressionReason.CUSTOMER,
    ImportKind.SUPPRESSIONS: SuppressionReason.IMPORT,
}


@dataclass(frozen=True, slots=True)
class _Named:
    """Whom a row names; `known`: for ever on the list already, or named by an earlier row."""

    line: int
    kind: SuppressionKind
    value: str
    known: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", SuppressionKind(self.kind))


def take(tx: Tx, file: Import, lines: Sequence[int]) -> Fates:
    """Suppress whom some waiting rows name, by address or domain, and end what is under way to them.

    The caller holds the import. Who is suppressed already, whatever for, stays so: those rows are skipped.
    """
    named = _list_named(tx, file, lines)
    new = [one for one in named if not one.known]
    values = [(one.kind, one.value) for one in new]
    about = suppressions.list_leads(tx, values)
    reason = _REASONS[file.kind]
    enrollments.suppress_all_of(tx, about, reason.value, by=file.operator)
    suppressions.add_all(tx, values, reason, "import")
    import_rows.forget(tx, file.id, {one.line: None for one in new}, RowStatus.IMPORTED)
    if known := [one.line for one in named if one.known]:
        import_rows.settle(tx, file.id, known, RowStatus.SKIPPED, field="(value)",
                           reason="is suppressed already")  # fmt: skip
    gone = {*lines} - {one.line for one in named}
    import_rows.leave_erased(tx, file.id, gone)
    return Fates(imported=len(new), skipped=len(known) + len(gone))


def _list_named(tx: Tx, file: Import, lines: Sequence[int]) -> list[_Named]:
    return tx.list(
        _Named,
        """
        WITH named AS MATERIALIZED (
            SELECT r.line, v.kind, v.value,
                   outrider.gate_hash(v.kind::text, outrider.suppression_key(v.kind, v.value)) AS hash
              FROM outrider.import_rows r
             CROSS JOIN LATERAL (
                   SELECT r.document::json ->> 'value' AS value,
                          CASE WHEN r.document::json ->> 'value' LIKE '%%@%%' THEN 'email' ELSE 'domain' END::outrider.suppression_kind AS kind) v
             WHERE r.import_id = %(id)s AND r.line = ANY(%(lines)s) AND r.document <> ''
        )
        SELECT line, kind, value,
               row_number() OVER (PARTITION BY hash ORDER BY line) > 1 OR EXISTS (
                   SELECT 1 FROM outrider.suppressions s
                    WHERE s.value_hash = n.hash AND s.tenant_id = outrider.current_tenant_id()
                      AND s.released_at IS NULL AND s.expires_at IS NULL AND s.channel IS NULL) AS known
          FROM named n ORDER BY line
        """,
        {"id": file.id, "lines": list(lines)},
    )
