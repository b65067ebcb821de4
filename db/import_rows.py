"""Table `import_rows`: every row of a file and what became of it. Forgets what it said once it is taken."""

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx
from schemas.enums import RowStatus
from schemas.imports import Judged

OVER_PLAN = "(plan)"
"""The field of rows for which nothing but a bigger plan is needed."""
_AT_ONCE = 20_000
"""Rows of one COPY: more would run into the time that a statement has."""


@dataclass(frozen=True, slots=True)
class Left:
    """A row that was not taken: where it begins, as it stands there, and why."""

    line: int
    status: RowStatus
    raw: str
    field: str
    reason: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", RowStatus(self.status))


@dataclass(frozen=True, slots=True)
class Why:
    """How many rows were left for one reason."""

    status: RowStatus
    field: str
    reason: str
    rows: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", RowStatus(self.status))


def stage(tx: Tx, import_id: UUID, rows: Iterable[Judged]) -> int:
    """Keep the rows of a file, right and wrong ones; returns how many. Each line once.

    COPY does not go through policies, so it fills a table that only this transaction sees, and
    INSERTs under the tenant's policy bring that in, some thousand rows at a time.
    """
    _inbox(tx)
    count, stream = 0, iter(rows)
    while some := _copy(tx, itertools.islice(stream, _AT_ONCE)):
        count += tx.run(
            """
            INSERT INTO outrider.import_rows (import_id, line, status, raw, document, field, reason)
            SELECT %(id)s, line, CASE WHEN document IS NULL THEN 'failed' ELSE 'pending' END::outrider.row_status,
                   raw, document, field, reason
              FROM pg_temp.import_inbox
            """,
            {"id": import_id},
        )
        tx.run("TRUNCATE pg_temp.import_inbox")
        if some < _AT_ONCE:
            break
    return count


def mend(tx: Tx, import_id: UUID, rows: Iterable[Judged]) -> list[int]:
    """Put mended rows, by their lines in the first file, in the place of those that were left.

    Returns the lines that were not: no row was left there. The caller holds the import.
    """
    _inbox(tx)
    _copy(tx, rows)
    tx.run(
        """
        UPDATE outrider.import_rows r
           SET status = CASE WHEN i.document IS NULL THEN 'failed' ELSE 'pending' END::outrider.row_status,
               raw = i.raw, document = i.document, field = i.field, reason = i.reason
          FROM (SELECT DISTINCT ON (line) line, raw, document, field, reason FROM pg_temp.import_inbox
                 ORDER BY line) i
         WHERE r.import_id = %(id)s AND r.line = i.line AND r.status IN ('skipped', 'failed')
        """,
        {"id": import_id},
    )
    strangers = tx.conn.execute(
        """
        SELECT DISTINCT i.line FROM pg_temp.import_inbox i
         WHERE NOT EXISTS (SELECT 1 FROM outrider.import_rows r
                            WHERE r.import_id = %(id)s AND r.line = i.line
                              AND r.status IN ('pending', 'failed'))
         ORDER BY i.line
        """,
        {"id": import_id},
    ).fetchall()
    tx.run("TRUNCATE pg_temp.import_inbox")
    return [int(str(line)) for (line,) in strangers]


def try_again(tx: Tx, import_id: UUID) -> int:
    """Rows that could be read and were not taken wait to be taken once more; returns how many."""
    return tx.run(
        """
        UPDATE outrider.import_rows SET status = 'pending', field = NULL, reason = NULL, lead_id = NULL
         WHERE import_id = %(id)s AND status IN ('skipped', 'failed') AND document IS NOT NULL
        """,
        {"id": import_id},
    )


def list_left(tx: Tx, import_id: UUID, *, after: int = 0, limit: int = 10_000) -> list[Left]:
    """Rows that were not taken, by line. Needs a tenant's hat: they are as people wrote them."""
    return tx.list(
        Left,
        """
        SELECT line, status, raw, coalesce(field, '') AS field, reason FROM outrider.import_rows
         WHERE import_id = %(id)s AND status IN ('skipped', 'failed') AND line > %(after)s
         ORDER BY line LIMIT %(limit)s
        """,
        {"id": import_id, "after": after, "limit": limit},
    )


def count_reasons(tx: Tx, import_id: UUID, *, failed_for: str) -> list[Why]:
    """Why rows were skipped, most first; of those that failed only they whose reason ends with some words."""
    return tx.list(
        Why,
        """
        SELECT status, coalesce(field, '') AS field, min(reason) AS reason, count(*) AS rows
          FROM outrider.import_rows
         WHERE import_id = %(id)s
           AND (status = 'skipped' OR status = 'failed' AND right(reason, length(%(words)s)) = %(words)s)
         GROUP BY status, field, CASE WHEN status = 'skipped' THEN reason END
         ORDER BY status, rows DESC, reason
        """,
        {"id": import_id, "words": failed_for},
    )


def each_left(tx: Tx, import_id: UUID) -> Iterator[Left]:
    """All of them, a page at a time, so that a list of any length fits into memory."""
    after = 0
    while page := list_left(tx, import_id, after=after):
        yield from page
        after = page[-1].line


def settle(
    tx: Tx, import_id: UUID, lines: Sequence[int], status: RowStatus, *, field: str, reason: str
) -> None:
    """Write why some rows were not taken; what they say is kept, so that they can be tried again."""
    tx.run(
        """
        UPDATE outrider.import_rows SET status = %(status)s::outrider.row_status, field = %(field)s, reason = %(reason)s
         WHERE import_id = %(id)s AND line = ANY(%(lines)s)
        """,
        {"id": import_id, "lines": list(lines), "status": status, "field": field, "reason": reason},
    )


def forget(
    tx: Tx, import_id: UUID, leads: Mapping[int, UUID | None], status: RowStatus, *,
    field: str | None = None, reason: str | None = None,
) -> None:  # fmt: skip
    """Write what became of some rows, by line, with the lead if there is one; what they said is not kept here."""
    tx.run(
        """
        UPDATE outrider.import_rows
           SET status = %(status)s::outrider.row_status, lead_id = (%(leads)s::jsonb ->> line::text)::uuid,
               raw = CASE WHEN %(reason)s::text IS NOT NULL THEN '' END, document = NULL,
               field = %(field)s, reason = %(reason)s
         WHERE import_id = %(id)s AND line = ANY(%(lines)s)
        """,
        {"id": import_id, "lines": list(leads), "status": status, "field": field, "reason": reason,
         "leads": Jsonb({str(line): lead and str(lead) for line, lead in leads.items()})},
    )  # fmt: skip


def leave_erased(tx: Tx, import_id: UUID, lines: Collection[int]) -> None:
    """Rows of people who were erased on request say nothing more, and cannot be tried again."""
    if lines:
        forget(tx, import_id, dict.fromkeys(lines), RowStatus.SKIPPED, field="(person)",
               reason="was erased on request; release the suppression first")  # fmt: skip


_INBOX: LiteralString = """
    CREATE TEMP TABLE IF NOT EXISTS import_inbox (
      line integer, raw text, document text, field text, reason text) ON COMMIT DROP
"""


def _inbox(tx: Tx) -> None:
    tx.run("SET LOCAL client_min_messages = warning")  # that it exists is no news
    tx.run(_INBOX)


def _copy(tx: Tx, rows: Iterable[Judged]) -> int:
    count = 0
    with (
        tx.conn.cursor() as cursor,
        cursor.copy(
            "COPY pg_temp.import_inbox (line, raw, document, field, reason) FROM STDIN"
        ) as copy,
    ):
        for row in rows:
            copy.write_row((row.line, row.raw, row.document, row.field, row.reason))
            count += 1
    return count
