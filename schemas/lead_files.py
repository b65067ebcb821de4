"""A file of people, row by row, with the line an editor shows. Refuses to guess what a row means.

CSV with comma, semicolon, tab or bar, or JSON with one object per line; memory does not grow with
the file.
"""

import itertools
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Literal, TextIO

from schemas.cells import unguarded
from schemas.csv_rows import Record, records
from schemas.errors import Permanent
from schemas.file_text import scan, text_of
from schemas.json_rows import Line, lines
from schemas.lead_columns import (
    EXPORTED,
    OURS,
    PEOPLE,
    Column,
    Wanted,
    doubts,
    is_person,
    match,
)

_SAMPLE = 100
"""Rows that are looked at before the columns are understood."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the document it describes, or why it describes none."""

    line: int
    """Where it begins, counted from 1 as editors do."""
    raw: str
    """As it stands in the file, without its line end."""
    document: dict[str, object] = field(default_factory=dict[str, object])
    problem: str | None = None
    of_line: int | None = None
    """The line of the first file that a mended row stands for."""
    cells: Sequence[str] = ()
    """Of a CSV row, by the columns."""


@dataclass(frozen=True, slots=True)
class LeadFile:
    """An open file. `header` is its line as it stands, none for JSON; `rows` can be read once."""

    format: Literal["csv", "jsonl"]
    header: str
    columns: list[Column]
    rows: Iterator[Row]
    notices: list[str]
    told: Mapping[str, str]
    sha256: bytes
    size: int


@contextmanager
def reading(
    file: BinaryIO, told: Mapping[str, str] | None = None, wanted: Wanted = PEOPLE
) -> Generator[LeadFile]:
    """A seekable file, opened for reading its rows; blank lines are no rows, and a record may have several lines.

    `told` maps columns to fields, and is None where nobody can, see `lead_columns.match`. Raises Permanent when the file as a
    whole cannot be read; what is wrong with one row is that row's. Does not close the file.
    """
    found = scan(file)
    text = text_of(file, found.encoding)
    try:
        begins = text.read(4096).lstrip()[:1]
        text.seek(0)
        open_it = _json if begins == "{" else _csv
        kind, header, columns, rows, notices = open_it(text, told, wanted)
        notices = [*found.notices, *notices]
        yield LeadFile(kind, header, columns, rows, notices, told or {}, found.sha256, found.size)
    finally:
        text.detach()  # or it would close the file with itself


_Opened = tuple[Literal["csv", "jsonl"], str, list[Column], Iterator[Row], list[str]]


def _csv(text: TextIO, told: Mapping[str, str] | None, wanted: Wanted) -> _Opened:
    stream = records(text)
    header = next(stream, None)
    if header is None:
        raise Permanent("file: is empty; the first line must name the columns.")
    if header.problem:
        raise Permanent(f"header: {header.problem}.")
    if any(is_person(cell) for cell in header.cells):
        raise Permanent(
            f"header: line {header.line} is a person, not column names; "
            "add a line before it that names the columns."
        )
    ahead = list(itertools.islice(stream, _SAMPLE))
    names = [cell.strip() for cell in header.cells]
    samples = [record.cells for record in ahead]
    columns = match(names, told, samples, wanted)
    maker = _Cells(columns)
    rows = map(maker.row, itertools.chain(ahead, stream))
    return "csv", header.raw, columns, rows, doubts(columns, samples)


class _Cells:
    """Rows out of cells, by the columns of one file."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._width = len(columns)
        self._fields = [column.field for column in columns]
        self._guarded = any(column.name == EXPORTED for column in columns)
        self._line = next(
            (place for place, column in enumerate(columns) if column.name == f"{OURS}line"), None
        )

    def row(self, record: Record) -> Row:
        if record.problem:
            return Row(record.line, record.raw, problem=record.problem)
        cells = [unguarded(cell) for cell in record.cells] if self._guarded else record.cells
        if any(cell.strip() for cell in cells[self._width :]):
            return Row(record.line, record.raw, problem=(
                f"has {len(cells)} cells and the header {self._width}; "
                "quote a cell that contains the delimiter"))  # fmt: skip
        pairs = zip(self._fields, cells, strict=False)
        document = _document((name, cell) for name, cell in pairs if name and cell.strip())
        return Row(record.line, record.raw, document, of_line=self._of_line(cells), cells=cells)

    def _of_line(self, cells: Sequence[str]) -> int | None:
        if self._line is None or self._line >= len(cells):
            return None
        return _number(cells[self._line])


def _json(text: TextIO, told: Mapping[str, str] | None, wanted: Wanted) -> _Opened:
    stream = lines(text)
    ahead = list(itertools.islice(stream, _SAMPLE))
    names = list(dict.fromkeys(name for line in ahead for name in line.members))
    names = [name for name in names if name != "attributes"]
    if not names:
        raise Permanent("file: none of the first lines is a JSON object that says anything.")
    samples = [[_text(line.members.get(name)) for name in names] for line in ahead]
    columns = match(names, told, samples, wanted)
    maker = _Members(columns, keeps_rest=wanted.keeps_rest)
    rows = map(maker.row, itertools.chain(ahead, stream))
    return "jsonl", "", columns, rows, doubts(columns, samples)


class _Members:
    """Rows out of JSON objects; a name that the first lines did not have is kept beside, like any other."""

    def __init__(self, columns: Sequence[Column], *, keeps_rest: bool) -> None:
        self._fields = {column.name: column.field for column in columns}
        self._keeps_rest = keeps_rest

    def row(self, line: Line) -> Row:
        if line.problem:
            return Row(line.line, line.raw, problem=line.problem)
        given = dict(line.members)
        beside = given.pop("attributes", None) if self._keeps_rest else None
        of_line = _number(given.get(f"{OURS}line"))
        document = _document(
            (name, value)
            for key, value in given.items()
            if (name := self._field(key)) and value is not None and value != ""
        )
        if isinstance(beside, dict):
            document["attributes"] = {**beside, **_dict(document.get("attributes"))}
        elif beside is not None:
            document["attributes"] = beside
        return Row(line.line, line.raw, document, of_line=of_line)

    def _field(self, key: str) -> str | None:
        if key in self._fields or not self._keeps_rest or key.startswith(OURS):
            return self._fields.get(key)
        return f"attributes.{key}"


def _document(said: Iterator[tuple[str, object]]) -> dict[str, object]:
    document: dict[str, object] = {}
    attributes: dict[str, object] = {}
    for name, value in said:
        if name.startswith("attributes."):
            attributes[name.removeprefix("attributes.")] = value
        else:
            document[name] = value
    if attributes:
        document["attributes"] = attributes
    return document


def _dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _number(value: object) -> int | None:
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
