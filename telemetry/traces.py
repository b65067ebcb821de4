"""Trace ids: one per webhook or job, the same through everything that follows. Refuses malformed ones."""

import re
from uuid import uuid4

# https://www.w3.org/TR/trace-context/#traceparent-header: later versions may append fields.
_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-[0-9a-f]{2}"
    r"(?P<more>-[\x21-\x7e]*)?"
)


def new() -> str:
    """A fresh trace id: 32 hexadecimal digits, never all zero."""
    return uuid4().hex


def accept(traceparent: str | None) -> str:
    """The trace id of a W3C `traceparent` header, or a fresh one when there is none or it is wrong."""
    found = _TRACEPARENT.fullmatch((traceparent or "").strip())
    if found is None or (found["version"] == "00" and found["more"] is not None):
        return new()
    if not int(found["trace"], 16) or not int(found["parent"], 16):
        return new()
    return found["trace"]
