"""A mail that came in, as far as its form goes: who, to whom, about what, and the newest words.

Total: any bytes give an `Inbound`. Refuses to judge what the words mean.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from schemas import mime
from schemas.base import Value
from schemas.html_text import html_to_text
from schemas.mime import Part
from schemas.quotes import newest

_MOST_CHARS = 262_144
_MOST_IDS = 50
_ID = re.compile(r"<[^<>\s]{3,500}>")
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}")
_RETURNED_ID = re.compile(
    r"^[> \t]{0,6}message-id[ \t]{0,3}:[ \t]{0,9}(<[^<>\s]{3,500}>)", re.IGNORECASE | re.MULTILINE
)
_RETURNED = {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global",
             "message/global-headers", "text/rfc822-header"}  # fmt: skip
_STATUS = {"message/delivery-status", "message/global-delivery-status"}


class Returned(Value):
    """A mail of somebody's that came back inside this one."""

    message_id: str | None
    from_email: str | None
    to_email: str | None
    subject: str


class Inbound(Value):
    """One mail in our own words. Addresses are lower-case; Message-IDs keep their angle brackets."""

    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    from_email: str | None = None
    from_name: str = ""
    to: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    headers: Mapping[str, str] = {}
    text: str = ""
    """What the sender wrote for this mail, without quotes and signature."""
    full_text: str = ""
    kinds: tuple[str, ...] = ()
    """The content types of all parts, top first."""
    report: str = ""
    """What a multipart/report reports (RFC 6522), e.g. delivery-status; else empty."""
    statuses: tuple[Mapping[str, str], ...] = ()
    """The groups of a delivery status (RFC 3464), or of a disposition notification (RFC 8098)."""
    feedback: Mapping[str, str] = {}
    """The fields of a feedback report (RFC 5965)."""
    returned: Returned | None = None
    returned_ids: tuple[str, ...] = ()
    """Message-IDs of what came back, attached or pasted."""

    def header(self, name: str) -> str:
        """A header's text by its lower-case name; empty when there is none."""
        return self.headers.get(name, "")


def parse(raw: bytes) -> Inbound:
    """Understand a mail's form. Never raises, and works a bounded time whatever the bytes are."""
    return _inbound(mime.parse(raw))


def from_fields(subject: str, headers: Mapping[str, str], body: str) -> Inbound:
    """A mail that comes as its pieces; headers that are missing are taken as absent."""
    given = {name.lower(): value for name, value in headers.items()}
    if subject:
        given["subject"] = subject
    kind = "text/html" if "text/html" in given.get("content-type", "").lower() else "text/plain"
    content = body.encode("utf-8", "replace")
    return _inbound(Part(tuple(given.items()), kind, {"charset": "utf-8"}, content))


def from_html(html: str) -> Inbound:
    """A bare HTML body."""
    return from_fields("", {"content-type": "text/html"}, html)


def addresses(text: str) -> tuple[str, ...]:
    """The e-mail addresses in a text, lower-case, each once, in order."""
    return tuple(dict.fromkeys(found.strip(".'").lower() for found in _ADDRESS.findall(text)))


def _inbound(root: Part) -> Inbound:
    headers = {name: mime.words(value) for name, value in reversed(root.headers)}
    parts = list(root.walk())
    full = _text(parts)
    name, email = _mailbox(headers.get("from", ""))
    returned = _returned(parts)
    pasted = _RETURNED_ID.findall(full) if full else []
    attached = [returned.message_id] if returned and returned.message_id else []
    return Inbound(
        message_id=next(iter(_ids(headers.get("message-id", ""))), None),
        in_reply_to=_ids(headers.get("in-reply-to", "")),
        references=_ids(root.header("references") or ""),
        from_email=email,
        from_name=name,
        to=addresses(f"{headers.get('to', '')} {headers.get('cc', '')}"),
        subject=headers.get("subject", "")[:1_000],
        date=_date(headers.get("date", "")),
        headers=headers,
        text=newest(full),
        full_text=full,
        kinds=tuple(part.kind for part in parts),
        report=_report(root),
        statuses=_statuses(parts),
        feedback=_feedback(parts),
        returned=returned,
        returned_ids=tuple(dict.fromkeys([*attached, *pasted[:_MOST_IDS]])),
    )


def _ids(value: str) -> tuple[str, ...]:
    found = list(dict.fromkeys(_ID.findall(value)))
    return tuple(found[-_MOST_IDS:])


def _mailbox(value: str) -> tuple[str, str | None]:
    """The name and the address of the first mailbox; the address in angle brackets counts first."""
    angle = _ADDRESS.search(value, value.rfind("<")) if "<" in value else None
    found = angle or _ADDRESS.search(value)
    name = value.partition("<")[0].strip().strip('"').strip() if "<" in value else ""
    return name[:200], found.group().strip(".'").lower() if found else None


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value[:100])
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _text(parts: list[Part]) -> str:
    plain = [part.text for part in parts if part.kind == "text/plain" and not _is_file(part)]
    said = "\n".join(plain)[:_MOST_CHARS]
    if not said.strip():
        html = [part.text for part in parts if part.kind == "text/html" and not _is_file(part)]
        said = html_to_text("\n".join(html)[: 4 * _MOST_CHARS])
    return said.replace("\r\n", "\n").replace("\r", "\n")[:_MOST_CHARS]


def _is_file(part: Part) -> bool:
    return (part.header("content-disposition") or "").lower().startswith("attachment")


def _report(root: Part) -> str:
    return root.params.get("report-type", "").lower() if root.kind == "multipart/report" else ""


def _statuses(parts: list[Part]) -> tuple[dict[str, str], ...]:
    wanted = [
        part
        for part in parts
        if part.kind in _STATUS or part.kind == "message/disposition-notification"
    ]
    return tuple(block for part in wanted for block in mime.blocks_of(part.text))


def _feedback(parts: list[Part]) -> dict[str, str]:
    found = [part for part in parts if part.kind == "message/feedback-report"]
    blocks = [block for part in found for block in mime.blocks_of(part.text)]
    return blocks[0] if blocks else {}


def _returned(parts: list[Part]) -> Returned | None:
    for part in parts[1:]:
        if part.kind in _RETURNED:
            inner = mime.parse(part.content)
            headers = dict(reversed(inner.headers))
            return Returned(
                message_id=next(iter(_ids(headers.get("message-id", ""))), None),
                from_email=_mailbox(mime.words(headers.get("from", "")))[1],
                to_email=_mailbox(mime.words(headers.get("to", "")))[1],
                subject=mime.words(headers.get("subject", ""))[:1_000],
            )
    return None
