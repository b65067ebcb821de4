"""A mail's bytes to a tree of parts (RFC 5322, RFC 2045). Total: hostile bytes give a poor tree, never an error.

Bounded: reads the first mebibyte, ten levels, a hundred parts. Refuses nothing; what is broken is
read as text.
"""

import binascii
import codecs
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

MOST_BYTES = 1_048_576
_MOST_PARTS, _DEEPEST, _MOST_HEADERS = 100, 10, 300
_LONGEST_HEADER = 4_000

_HEADER = re.compile(r"([!-9;-~]{1,80})[ \t]{0,8}:(.*)", re.DOTALL)
_PARAMETER = re.compile(
    r';\s{0,20}([a-zA-Z-]{1,30})\*?\s{0,3}=\s{0,3}("[^"]{0,300}"|[^\s;]{1,300})'
)
_WORD = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?]{0,20})?\?([bBqQ])\?([^?]{0,1000})\?=")
_GAP = re.compile(r"(\?=)[ \t\r\n]{1,20}(?==\?)")
_TEXTUAL = re.compile(r"utf-(8|16|32)|ascii|cp\d|koi8|gb|big5|euc|iso|shift|mac|tis|johab|hz")


@dataclass(frozen=True, slots=True)
class Part:
    """One node: its headers by lower-case name, in order, and its content with the transfer coding undone."""

    headers: tuple[tuple[str, str], ...]
    kind: str
    params: dict[str, str] = field(default_factory=dict[str, str])
    content: bytes = b""
    parts: tuple["Part", ...] = ()

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        return next((value for known, value in self.headers if known == name), None)

    @property
    def text(self) -> str:
        """The content as text, in its charset or the likeliest one."""
        return decoded(self.content, self.params.get("charset"))

    def walk(self) -> Iterator["Part"]:
        """The part and everything below it, but not inside a mail that is attached."""
        yield self
        for part in self.parts:
            yield from part.walk()


def parse(raw: bytes) -> Part:
    """The tree of a whole mail; CR, LF and CRLF line ends may be mixed."""
    lines = _unified(raw[:MOST_BYTES]).split(b"\n")
    while lines and (not lines[0].strip() or lines[0].startswith((b"From ", b">From "))):
        lines.pop(0)
    return _part(lines, depth=0, default="text/plain")


def headers_of(text: str) -> tuple[tuple[str, str], ...]:
    """The headers that a piece of text begins with, by lower-case name."""
    return _split(text.encode("utf-8", "surrogateescape").split(b"\n"))[0]


def blocks_of(text: str) -> tuple[dict[str, str], ...]:
    """Groups of fields between blank lines, as in a delivery status (RFC 3464 §2.1)."""
    blocks = (headers_of(block.strip("\n")) for block in text.split("\n\n")[:_MOST_PARTS])
    return tuple(dict(reversed(fields)) for fields in blocks if fields)


def decoded(content: bytes, charset: str | None) -> str:
    """Bytes as text: in the charset that was named when it is one, else UTF-8, else Windows-1252."""
    for name in (charset, "utf-8"):
        if name and (known := _codec(name)):
            try:
                return content.decode(known, "strict" if known == "utf-8" else "replace")
            except UnicodeError:
                continue
    return content.decode("cp1252", "replace")


def words(value: str) -> str:
    """A header's text with its encoded words (RFC 2047) read; one that is broken stays as it is."""
    return _WORD.sub(_word, _GAP.sub(r"\1", value[:_LONGEST_HEADER])).strip()


def _codec(name: str) -> str | None:
    try:
        known = codecs.lookup(name.strip().lower()).name
    except (LookupError, ValueError):
        return None
    return known if _TEXTUAL.match(known) else None


def _word(match: re.Match[str]) -> str:
    charset, coding, body = match.groups()
    if coding in "qQ":
        return decoded(binascii.a2b_qp(body.replace(" ", "_").encode(), header=True), charset)
    return decoded(_base64(body.encode()), charset)


def _unified(raw: bytes) -> bytes:
    return (
        raw.replace(b"\0", b"")
        .replace(b"\r\r\n", b"\n")
        .replace(b"\r\n", b"\n")
        .replace(b"\r", b"\n")
    )


def _part(lines: Sequence[bytes], *, depth: int, default: str) -> Part:
    headers, start = _split(lines)
    stated = next((value for name, value in headers if name == "content-type"), default)
    kind = stated.partition(";")[0].strip().lower() or default
    params = {name.lower(): value.strip('"') for name, value in _PARAMETER.findall(stated)}
    body = lines[start:]
    boundary = params.get("boundary", "").encode("utf-8", "surrogateescape")
    if kind.startswith("multipart/") and boundary and depth < _DEEPEST:
        below = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        parts = tuple(
            _part(piece, depth=depth + 1, default=below) for piece in _pieces(body, boundary)
        )
        return Part(headers, kind, params, b"", parts)
    coding = next((value for name, value in headers if name == "content-transfer-encoding"), "")
    return Part(headers, kind, params, _content(b"\n".join(body), coding.strip().lower()))


def _split(lines: Sequence[bytes]) -> tuple[tuple[tuple[str, str], ...], int]:
    """The headers, unfolded, and the index of the first line after them."""
    found: list[tuple[str, list[str]]] = []
    for number, line in enumerate(lines):
        if not line.strip():
            return _joined(found), number + 1
        text = decoded(line[:_LONGEST_HEADER], None)
        if text[0] in " \t" and found:
            if len(found[-1][1]) < 100:
                found[-1][1].append(text)
        elif (match := _HEADER.fullmatch(text)) and len(found) < _MOST_HEADERS:
            found.append((match[1].lower(), [match[2]]))
        elif not match and number:
            return _joined(found), number
        elif not match:
            return (), 0
    return _joined(found), len(lines)


def _joined(found: list[tuple[str, list[str]]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, " ".join(" ".join(value).split())[:65_536]) for name, value in found)


def _pieces(lines: Sequence[bytes], boundary: bytes) -> list[Sequence[bytes]]:
    fence, last = b"--" + boundary, b"--" + boundary + b"--"
    at: list[int] = []
    end = len(lines)
    for number, line in enumerate(lines):
        if line.startswith(fence):
            bare = line.rstrip()
            if bare == last:
                end = number
                break
            if bare == fence and len(at) < _MOST_PARTS:
                at.append(number)
    stops = [*at[1:], end] if at else []
    return [lines[start + 1 : stop] for start, stop in zip(at, stops, strict=True)]


def _content(body: bytes, coding: str) -> bytes:
    if coding == "base64":
        return _base64(body)
    if coding == "quoted-printable":
        return binascii.a2b_qp(body)
    return body


def _base64(body: bytes) -> bytes:
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
    return b64decode(clean[: len(clean) // 4 * 4] + _padded(clean))


def _padded(clean: bytes) -> bytes:
    rest = clean[len(clean) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""
