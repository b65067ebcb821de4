"""A file of leads, taken apart: rows with the line an editor shows. Refuses to guess what a row means.

Comma, semicolon, tab or bar; UTF-8 with or without a mark, UTF-16 with one, or Windows-1252.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from schemas.errors import Permanent
from schemas.lead_columns import match

_DELIMITERS = ",;\t|"
_LONGEST_CELL = 131_072  # of the csv module


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the document it describes, or why it describes none."""

    line: int
    """Where it begins, counted from 1 as editors do."""
    raw: str
    """As it stands in the file, without its line end."""
    document: dict[str, object] = field(default_factory=dict[str, object])
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class LeadFile:
    """A whole file. `header` is its line as it stands; `fields` what each column means."""

    header: str
    columns: list[str]
    fields: list[str | None]
    rows: list[Row]
    notices: list[str]


def read(data: bytes, told: Mapping[str, str] | None = None) -> LeadFile:
    """Take a file apart; blank lines are no rows, and a record may have several lines.

    `told` maps columns to fields, see `lead_columns.match`. Raises Permanent when the file as a
    whole cannot be read; what is wrong with one row is that row's.
    """
    text, notices = _text(data)
    lines = _Lines(text)
    delimiter = _delimiter(lines)
    records = _records(lines, delimiter)
    header = next(records, None)
    if header is None:
        raise Permanent("file: is empty; the first line must name the columns.")
    if header.problem:
        raise Permanent(f"header: {header.problem}.")
    columns = [cell.strip() for cell in header.cells]
    fields = match(columns, told or {})
    rows = [_row(record, columns, fields) for record in records]
    return LeadFile(header.raw, columns, fields, rows, notices)


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    raw: str
    cells: list[str]
    problem: str | None = None


class _Lines:
    """Lines with their ends, one after the other, which remembers what was taken."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self.taken: list[str] = []
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.count += 1
        self.taken.append(line)
        return line

    def peek(self) -> str:
        """The next line that is not blank; what stands before it is passed over."""
        place = self._lines.tell()
        for line in self._lines:
            if line.strip():
                self._lines.seek(place)
                return line
            self.count += 1
            place = self._lines.tell()
        return ""


def _text(data: bytes) -> tuple[str, list[str]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding, notices = "utf-16", ["The file is UTF-16."]
    else:
        encoding, notices = "utf-8-sig", []
    try:
        return data.decode(encoding), notices
    except UnicodeDecodeError as error:
        place = data.count(b"\n", 0, error.start) + 1
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise Permanent(
            f"file: line {place} is neither UTF-8 nor Windows-1252; save it as UTF-8."
        ) from None
    return text, [f"Line {place} is not UTF-8; the file was read as Windows-1252."]


def _delimiter(lines: _Lines) -> str:
    first = lines.peek()
    if told := re.fullmatch(r"sep=(.)\s*", first):  # how Excel says it
        next(lines)
        return told[1]
    return delimiter_of(first)


def delimiter_of(header: str) -> str:
    """What separates the names of a header line: whichever candidate is there most often."""
    outside = re.sub(r'"[^"]*"', "", header)
    return max(_DELIMITERS, key=outside.count)


def _records(lines: _Lines, delimiter: str) -> Iterator[_Record]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.taken.clear()
        begin, cells, problem = lines.count + 1, list[str](), None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = _sentence(str(error))
        raw = "".join(lines.taken).rstrip("\r\n")
        if problem or any(cell.strip() for cell in cells):
            yield _Record(begin, raw, cells, problem)


def _sentence(problem: str) -> str:
    if "end of data" in problem:
        return (
            "a quotation mark is opened here and never closed; everything after it is in this row"
        )
    if "expected after" in problem:
        return "a quotation mark inside a quoted cell must be doubled"
    if "field limit" in problem or "larger than" in problem:
        return f"a cell has more than {_LONGEST_CELL} characters; is a quotation mark not closed?"
    return f"is not CSV: {problem}"


def _row(record: _Record, columns: list[str], fields: list[str | None]) -> Row:
    if record.problem:
        return Row(record.line, record.raw, problem=record.problem)
    if any(cell.strip() for cell in record.cells[len(columns) :]):
        return Row(record.line, record.raw, problem=(
            f"has {len(record.cells)} cells and the header {len(columns)}; "
            "quote a cell that contains the delimiter"))  # fmt: skip
    document: dict[str, object] = {}
    attributes: dict[str, object] = {}
    for name, cell in zip(fields, record.cells, strict=False):
        if name and cell.strip():
            if name.startswith("attributes."):
                attributes[name.removeprefix("attributes.")] = cell
            else:
                document[name] = cell
    if attributes:
        document["attributes"] = attributes
    return Row(record.line, record.raw, document)
