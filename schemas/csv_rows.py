"""Records of CSV text with the line that an editor shows. Refuses to let one record eat the memory."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

DELIMITERS = ",;\t|"
_LONGEST_CELL = 131_072  # of the csv module
LONGEST = 1_000_000
"""Characters of one record; what follows them on its line is not kept."""


@dataclass(frozen=True, slots=True)
class Record:
    """Cells of one record; `problem` says why there are none. `line` counts from 1, as editors do."""

    line: int
    raw: str
    cells: list[str]
    problem: str | None = None


class Lines:
    """Lines with their ends, one after the other, which remembers what the record took."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._ahead = ""
        self.taken: list[str] = []
        self._size = 0
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._ahead or self._text.readline(LONGEST)
        self._ahead = ""
        if not line:
            raise StopIteration
        self.count += 1
        self._size += len(line)
        if self._size >= LONGEST:
            self._skip(line)
            raise csv.Error("record too long")
        self.taken.append(line)
        return line

    def begin(self) -> int:
        """A new record begins; the line at which it does."""
        self.taken.clear()
        self._size = 0
        return self.count + 1

    def peek(self) -> str:
        """The next line that is not blank; what stands before it is passed over."""
        while line := self._ahead or self._text.readline(LONGEST):
            if line.strip():
                self._ahead = line
                return line
            self._ahead = ""
            self.count += 1
        return ""

    def _skip(self, line: str) -> None:
        self.taken.append(line[: max(0, LONGEST - self._size + len(line))])
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(LONGEST)


def delimiter_of(header: str) -> str:
    """What separates the names of a header line: whichever candidate is there most often."""
    outside = re.sub(r'"[^"]*"', "", header)
    return max(DELIMITERS, key=outside.count)


def records(text: TextIO) -> Iterator[Record]:
    """Every record that is not blank, the header first; a record may have several lines."""
    lines = Lines(text)
    reader = csv.reader(lines, delimiter=_delimiter(lines), strict=True)
    while True:
        begin, cells, problem = lines.begin(), list[str](), None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = _sentence(str(error))
        raw = "".join(lines.taken).rstrip("\r\n")
        if problem or any(cell.strip() for cell in cells):
            yield Record(begin, raw, cells, problem)


def _delimiter(lines: Lines) -> str:
    first = lines.peek()
    if told := re.fullmatch(r"sep=(.)\s*", first):  # how Excel says it
        next(lines)
        return told[1]
    return delimiter_of(first)


MEND_QUOTE = (
    "close the quotation mark in the file and import the file again; who is known is updated"
)
"""What mends a row that swallowed those after it: they have no lines of their own to be mended by."""
UNCLOSED = (
    "a quotation mark is opened here and never closed; everything after it is in this row; "
    + MEND_QUOTE
)


def _sentence(problem: str) -> str:
    if "end of data" in problem:
        return UNCLOSED
    if "expected after" in problem:
        return "a quotation mark inside a quoted cell must be doubled"
    if "field limit" in problem or "larger than" in problem:
        return f"a cell has more than {_LONGEST_CELL} characters; is a quotation mark not closed? {MEND_QUOTE}"
    if "too long" in problem:
        return f"a row has more than {LONGEST:,} characters, and the rest is not kept; is a quotation mark not closed? {MEND_QUOTE}"
    return f"is not CSV: {problem}"
