"""Trace ids: one per webhook or job, the same through everything that follows. Refuses malformed ones."""

import re
import secrets
from uuid import uuid4

import structlog

# https://www.w3.org/TR/trace-context/#traceparent-header: later versions may append fields.
_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-[0-9a-f]{2}"
    r"(?P<more>-[\x21-\x7e]*)?"
)

_TRACE = re.compile(r"(?!0{32})[0-9a-f]{32}")


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


def current() -> str | None:
    """The trace id that this thread's log lines carry; None outside a request or an attempt."""
    bound = structlog.contextvars.get_contextvars().get("trace_id")
    return bound if isinstance(bound, str) and bound else None


def parent() -> str | None:
    """A `traceparent` for a call that this thread is about to make; None when no trace is W3C's."""
    trace = current()
    if trace is None or not _TRACE.fullmatch(trace):
        return None
    return f"00-{trace}-{secrets.token_hex(8)}-01"
