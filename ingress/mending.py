"""Rows of a file that were left: as a file to mend, and back again. Refuses a mended row that stands for none."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from db import Tx, import_rows, imports
from db.import_rows import Left
from db.imports import Import
from ingress.intake import judged, record
from schemas.csv_rows import MEND_QUOTE, delimiter_of
from schemas.errors import Permanent
from schemas.lead_columns import OURS
from schemas.lead_files import LeadFile, Row

_NAMED = 5


def try_again(tx: Tx, before: Import, operator: str) -> Import:
    """Let the rows of an import that could be read and were not taken wait once more."""
    imports.get_locked(tx, before.id)
    import_rows.try_again(tx, before.id)
    again = imports.recount(tx, before.id)
    record(tx, again, operator, "retry")
    return again


def mend(tx: Tx, before: Import, file: LeadFile, operator: str) -> Import:
    """Put mended rows in the place of those that were left; all other rows stay as they are.

    Raises Permanent, and nothing is changed, when the file is no mended list of this import.
    """
    imports.get_locked(tx, before.id)
    strangers = import_rows.mend(tx, before.id, judged(_placed(before, file), before.kind))
    if strangers:
        named = ", ".join(str(line) for line in strangers[:_NAMED])
        raise Permanent(
            f"file: line {named} of {before.filename} was not left; nothing was changed."
        )
    again = imports.recount(tx, before.id)
    record(tx, again, operator, "retry")
    return again


def left_file(before: Import, rows: Iterable[Left]) -> Iterator[str]:
    """The lines of a file to mend: rows as they stand, each with its line and the reason before it."""
    if before.format == "jsonl":
        yield from (_annotated(row) for row in rows)
        return
    delimiter = delimiter_of(before.header)
    yield delimiter.join((f"{OURS}line", f"{OURS}reason", before.header))
    for row in rows:
        yield f"{_cells([str(row.line), row.reason], delimiter)}{delimiter}{row.raw}"


def _annotated(row: Left) -> str:
    ours = {f"{OURS}line": row.line, f"{OURS}reason": row.reason}
    try:
        said = cast("object", json.loads(row.raw))
    except ValueError:
        said = None
    members = cast("dict[str, object]", said) if isinstance(said, dict) else {"raw": row.raw}
    members = {name: value for name, value in members.items() if not name.startswith(OURS)}
    return json.dumps({**ours, **members}, ensure_ascii=False)


def _placed(before: Import, file: LeadFile) -> Iterator[Row]:
    """Rows at the lines of the first file, and as they would have stood there."""
    if file.format != before.format:
        raise Permanent(f"file: is {file.format}, and {before.filename} was {before.format}.")
    rewrite = _Rewrite(before, file)
    for row in file.rows:
        if row.of_line is None:
            raise Permanent(
                f"file: line {row.line} does not say which line it mends; mend the file that "
                f"`outrider import rejects --csv` wrote, and leave its column {OURS}line. If it stood "
                f"behind a quotation mark that was not closed, {MEND_QUOTE}."
            )
        yield Row(row.of_line, rewrite.raw(row), row.document, row.problem)


class _Rewrite:
    """Mended rows in the columns and with the delimiter of the first file."""

    def __init__(self, before: Import, file: LeadFile) -> None:
        self._places: list[int] = []
        if before.format == "jsonl":
            return
        self._delimiter = delimiter_of(before.header)
        names = [column.name for column in file.columns]
        for name in next(csv.reader(io.StringIO(before.header), delimiter=self._delimiter)):
            if name.strip() not in names:
                raise Permanent(
                    f"file: has no column {name.strip()!r}, which {before.filename} has."
                )
            self._places.append(names.index(name.strip()))

    def raw(self, row: Row) -> str:
        """A row without what we wrote into it."""
        if not self._places:
            return row.raw
        if row.problem:
            return row.raw
        cells = [row.cells[place] if place < len(row.cells) else "" for place in self._places]
        return _cells(cells, self._delimiter)


def _cells(cells: Sequence[str], delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="").writerow(cells)
    return text.getvalue()
