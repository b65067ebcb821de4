"""A file's bytes as text, however it was saved. Refuses what is text in no encoding we know.

UTF-8 with or without a mark, UTF-16, or Windows-1252; the file is read once in pieces, then again.
"""

import codecs
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from schemas.errors import Permanent

_PIECE = 1 << 20
_NO_LETTERS = (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d")
"""Bytes that mean nothing in Windows-1252."""


@dataclass(slots=True)
class Scan:
    """What a first reading of a whole file found."""

    sha256: bytes
    size: int
    encoding: str
    notices: list[str] = field(default_factory=list[str])


def scan(file: BinaryIO) -> Scan:
    """Read a seekable file to its end and go back to its beginning; memory does not grow with it.

    Raises Permanent when it is text in no encoding that we know.
    """
    digest, size, reader = hashlib.sha256(), 0, _Guess()
    for piece in _pieces(file):
        digest.update(piece)
        size += len(piece)
        reader.feed(piece)
    reader.feed(b"", last=True)
    file.seek(0)
    return Scan(digest.digest(), size, reader.encoding, reader.notices())


def text_of(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """The file from its beginning as text with its own line ends; whoever lets go of it detaches the file."""
    return io.TextIOWrapper(file, encoding, newline="")


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece


class _Guess:
    """The encoding of what was fed so far."""

    def __init__(self) -> None:
        self.encoding = ""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._lines = 0
        self._foreign = 0
        """The line at which the file turned out not to be UTF-8."""

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        if not self.encoding:
            self.encoding = _first_guess(piece)
            self._decoder = codecs.getincrementaldecoder(self.encoding)()
        if self._decoder:
            self._try(self._decoder, piece, last=last)
        if self._foreign:
            self._check_windows(piece)
        self._lines += piece.count(b"\n")

    def notices(self) -> list[str]:
        if self._foreign:
            return [f"Line {self._foreign} is not UTF-8; the file was read as Windows-1252."]
        return ["The file is UTF-16."] if self.encoding.startswith("utf-16") else []

    def _try(self, decoder: codecs.IncrementalDecoder, piece: bytes, *, last: bool) -> None:
        try:
            decoder.decode(piece, last)
        except UnicodeDecodeError as error:
            place = self._lines + error.object.count(b"\n", 0, error.start) + 1
            if self.encoding.startswith("utf-16"):
                raise Permanent(
                    f"file: line {place} is not UTF-16, which the file begins as; save it as UTF-8."
                ) from None
            self._foreign, self.encoding, self._decoder = place, "cp1252", None
            self._check_windows(error.object)

    def _check_windows(self, piece: bytes) -> None:
        if any(byte in piece for byte in _NO_LETTERS):
            raise Permanent(
                f"file: line {self._foreign} is neither UTF-8 nor Windows-1252; save it as UTF-8."
            )


def _first_guess(piece: bytes) -> str:
    if piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = [byte == 0 for byte in piece[:4]]
    if zeros == [False, True, False, True]:
        return "utf-16-le"
    return "utf-16-be" if zeros == [True, False, True, False] else "utf-8-sig"
