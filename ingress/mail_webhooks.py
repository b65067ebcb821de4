"""`POST /webhooks/mail/{source}`: a whole mail as a provider heard it; verify, store once, emit, 202.

Refuses what is no mail, and a mailbox that the tenant does not have.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from db import Tx, mailboxes, mails, webhooks
from ingress import bodies
from ingress.doors import Doors
from ingress.problems import FieldError, Problem
from pipelines.engine import emit
from schemas.events import MailReceived

_ENVELOPE = 4_096
"""Bytes of a body around its mail: names, quotes, the mailbox."""


def body_limit(mail_max_bytes: int) -> int:
    """The largest body: base64 makes four bytes of three."""
    return mail_max_bytes * 4 // 3 + _ENVELOPE


@dataclass(frozen=True, slots=True)
class Posted:
    """A mail as it was posted; `mailbox` None: the source's own, or whoever it is addressed to."""

    raw: bytes
    mailbox: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a posted mail; a duplicate has the id of the mail that was kept."""

    event_id: UUID
    mail_id: UUID | None
    duplicate: bool


@dataclass(frozen=True, slots=True)
class MailWebhooks:
    """The endpoint; everything that asks Postgres runs on a thread of the pool."""

    doors: Doors
    mail_max_bytes: int

    async def post(self, request: Request) -> Response:
        """202 once the mail is stored and its work queued, in one transaction; else a Problem."""
        slug, body = await self.doors.knock(request)
        trace_id: str = request.state.trace_id
        receipt = await run_in_threadpool(self.receive, slug, request.headers, body, trace_id)
        mail_id = str(receipt.mail_id) if receipt.mail_id else None
        facts = {"mail_id": mail_id, "duplicate": receipt.duplicate}
        request.state.facts.update(event_id=str(receipt.event_id), **facts)
        answer = {"id": str(receipt.event_id), **facts, "trace_id": trace_id}
        return JSONResponse(answer, status_code=202)

    def receive(self, slug: str, headers: Mapping[str, str], body: bytes, trace_id: str) -> Receipt:
        """Check and keep one mail. Raises Problem (nothing stored) or DatabaseAway. Idempotent."""
        door, name = self.doors.enter(slug, headers, body)
        posted = read(bodies.parse(body), at_most=self.mail_max_bytes)
        with self.doors.database.tenant(door.tenant_id, trace_id=trace_id) as tx:
            # The mail is kept as a mail; a second copy of its bytes would be one too many.
            event_id = webhooks.store(tx, source_id=door.source_id, external_id=name, body=b"")
            if event_id is None:
                known = webhooks.find_received(tx, source_id=door.source_id, external_id=name)
                assert known
                return Receipt(known.id, known.mail_id, duplicate=True)
            mailbox_id = _mailbox(tx, posted) or webhooks.mailbox_of(tx, door.source_id)
            mail_id = mails.store(tx, mailbox_id, posted.raw, f"webhook:{slug}")
            if mail_id is None:
                return _known_by_another_way(tx, event_id, posted)
            webhooks.attach_mail(tx, event_id, mail_id)
            emit(tx, MailReceived(mail_id=mail_id), key=str(mail_id))
        return Receipt(event_id, mail_id, duplicate=False)


def _known_by_another_way(tx: Tx, event_id: UUID, posted: Posted) -> Receipt:
    mail_id = mails.find_id(tx, posted.raw)
    assert mail_id
    webhooks.attach_mail(tx, event_id, mail_id)
    return Receipt(event_id, mail_id, duplicate=True)


def read(document: object, *, at_most: int) -> Posted:
    """The mail in a document: `{"raw_b64": "…", "mailbox": "…"?}`. Raises Problem that names the field."""
    if not isinstance(document, dict):
        raise _wrong("(body)", "must be a JSON object")
    told = cast(dict[str, object], document)
    if strange := sorted(told.keys() - {"raw_b64", "mailbox"}):
        raise _wrong(strange[0], "is not a known field; remove it")
    encoded, mailbox = told.get("raw_b64"), told.get("mailbox")
    if not isinstance(encoded, str) or not encoded:
        raise _wrong("raw_b64", "is required: the whole mail in base64")
    if not (mailbox is None or isinstance(mailbox, str)):
        raise _wrong("mailbox", "must be the e-mail address of one of your mailboxes")
    return Posted(_raw(encoded, at_most), mailbox)


def _raw(encoded: str, at_most: int) -> bytes:
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _wrong("raw_b64", "is not base64 (RFC 4648, without line breaks)") from None
    if not raw.strip():
        raise _wrong("raw_b64", "is an empty mail")
    if len(raw) > at_most:
        raise Problem(413, "too-large", f"raw_b64: the mail may have at most {at_most} bytes.")
    return raw


def _mailbox(tx: Tx, posted: Posted) -> UUID | None:
    if posted.mailbox is None:
        return None
    found = mailboxes.find_by_email(tx, posted.mailbox)
    if found is None:
        raise _wrong("mailbox", "is no mailbox of this tenant")
    return found.id


def _wrong(field: str, message: str) -> Problem:
    return Problem(422, "not-a-mail", f"{field} {message}.", errors=[FieldError(field, message)])
