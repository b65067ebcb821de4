"""Masks what must not leave the process: addresses, passwords, keys. Refuses to trust a field's name alone."""

import re
from collections.abc import Iterable, Mapping
from typing import cast

from telemetry.spoken import MASK, mask

_DEPTH = 12  # deeper than any log line or error report is read

_NAMES = re.compile(
    r"(?:^|[_.\-])(?:password|passwd|pwd|secret|token|authorization|cookie|e?mail|email_norm|body"
    r"|payload_text|dsn|secret[_\-]key|api[_\-]key|private[_\-]key|signature)$",
    re.IGNORECASE,
)
_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = (
    # user:password@ of any URL; the greedy class takes an unencoded @ in a password along.
    (re.compile(r"(?<=://)[^\s/?#\"'<>]+(?=@)"), MASK),
    (re.compile(r"whsec_[A-Za-z0-9+/=_\-]*"), MASK),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=\-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[\w\-]{8,}\.[\w\-]+\.[\w\-]*"), MASK),  # a JSON web token
    (re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}="), MASK),  # 32 bytes in base64: a key
    (
        re.compile(
            r"(?i)\b(\w*(?:password|passwd|secret|token|api_?key))(['\"]?\s*[=:]\s*)"
            r"('[^']*'|\"[^\"]*\"|[^\s,;&)}\]]+)"
        ),
        rf"\1\2{MASK}",
    ),
    # What pydantic and Postgres quote of the data they refuse.
    (re.compile(r"(?s)input_value=.*?, input_type="), f"input_value={MASK}, input_type="),
    (re.compile(r"(?s)Failing row contains \(.*?\)\."), f"Failing row contains ({MASK})."),
    (
        re.compile(r"(?i)[^\s@<>\"',;:()\[\]{}=|]{1,64}(?:@|%40)[\w\-]{1,63}(?:\.[\w\-]{1,63})*"),
        MASK,
    ),
)


def scrub_text(text: str) -> str:
    """The text with everything masked that looks like an address or a secret, or is one in hand."""
    text = mask(text)
    for pattern, instead in _TEXTS:
        text = pattern.sub(instead, text)
    return text


def scrub(value: object, *, depth: int = _DEPTH) -> object:
    """A JSON-able copy of a value, masked at every level.

    A field named like a secret loses its whole value, unless that is a number or nothing.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes | bytearray):
        return f"[{len(value)} bytes]"
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _inside(cast(Mapping[object, object], value), depth - 1) if depth else "[…]"
    return scrub_text(str(value))


def _inside(value: Mapping[object, object] | Iterable[object], depth: int) -> object:
    if isinstance(value, Mapping):
        fields = cast(Mapping[object, object], value).items()
        return {scrub_text(str(name)): _field(str(name), item, depth) for name, item in fields}
    return [scrub(item, depth=depth) for item in value]


def _field(name: str, value: object, depth: int) -> object:
    harmless = value is None or isinstance(value, bool | int | float)
    return MASK if not harmless and _NAMES.search(name) else scrub(value, depth=depth)
