"""What the mail stand-in holds: accounts with their folders, and the archive of all that it took.

The archive is the truth that a play is counted against: one JSON line per mail and recipient,
written and flushed before the sender hears "250".
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from typing import Literal, Protocol, TextIO

from pydantic import Field

from schemas.base import Value

INBOX, SENT = "INBOX", "Sent"
HangUp = Literal["before", "after"]


class Account(Value):
    """A mailbox that is at home here; its address is its username."""

    email: str
    password: str
    sent_copies: bool = False
    """Whether what it submits also lands in its Sent folder, as Gmail does it."""
    uid_validity: int = 1


class Spec(Value):
    """Who is at home, and how the rest of the world behaves; addresses in lower case."""

    accounts: tuple[Account, ...] = ()
    unknown: tuple[str, ...] = ()
    """Recipients that do not exist: 550 5.1.1, always."""
    greylisted: tuple[str, ...] = ()
    """Recipients whose server says 450 4.7.1 the first time."""
    replies: Mapping[str, str] = Field(default_factory=dict[str, str])
    """Recipient to the reply that RCPT gets, always, e.g. `552 5.2.2 Mailbox full`."""
    hang_up: Mapping[str, HangUp] = Field(default_factory=dict[str, HangUp])
    """Recipient to when the line goes dead, once: before the mail was taken, or after, unanswered."""
    certificate: str | None = None
    """PEM file with a key and its certificate: STARTTLS is offered, and TLS has ports of its own."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One mail of a folder."""

    uid: int
    raw: bytes
    message_id: str


class Listener(Protocol):
    """Whoever wants to know that a folder changed."""

    def set(self) -> None: ...


@dataclass(slots=True)
class Folder:
    """Mails by rising UID; nothing is ever removed but by `renumber`."""

    uid_validity: int
    mails: list[Stored] = field(default_factory=list[Stored])
    listeners: set[Listener] = field(default_factory=set[Listener])

    @property
    def uid_next(self) -> int:
        """The UID that the next mail gets."""
        return self.mails[-1].uid + 1 if self.mails else 1

    def add(self, raw: bytes) -> None:
        """Put a mail at the end and wake whoever listens."""
        message_id = str(BytesHeaderParser().parsebytes(raw).get("Message-ID", "")).strip()
        self.mails.append(Stored(self.uid_next, raw, message_id))
        for listener in self.listeners:
            listener.set()

    def renumber(self, *, first: int = 1) -> None:
        """What a server does that lost its index: other UIDs under another UIDVALIDITY."""
        self.uid_validity += 1
        self.mails = [
            Stored(uid, mail.raw, mail.message_id) for uid, mail in enumerate(self.mails, first)
        ]


class Store:
    """Everything the server knows; used by one event loop, so without locks."""

    def __init__(self, spec: Spec, archive: TextIO | None = None) -> None:
        self.spec = spec
        self.accounts = {account.email.lower(): account for account in spec.accounts}
        self.folders = {
            (email, name): Folder(account.uid_validity)
            for email, account in self.accounts.items()
            for name in (INBOX, SENT)
        }
        self.taken = 0
        self._archive = archive
        self._greylisted = set(spec.greylisted)
        self._hang_up = dict(spec.hang_up)

    def login(self, username: str, password: str) -> Account | None:
        """The account, or None when name or password are wrong."""
        account = self.accounts.get(username.lower())
        return account if account and account.password == password else None

    def refusal(self, recipient: str) -> str | None:
        """What RCPT is answered instead of 250, or None."""
        address = recipient.lower()
        if address in self._greylisted:
            self._greylisted.discard(address)
            return "450 4.7.1 Greylisted, try again in 1 seconds"
        if address in self.spec.unknown:
            return f"550 5.1.1 <{recipient}>: Recipient address rejected: User unknown"
        return self.spec.replies.get(address)

    def hangs_up(self, recipients: Sequence[str]) -> HangUp | None:
        """Whether the line goes dead over this mail; each recipient's does once."""
        return next(
            (self._hang_up.pop(one.lower()) for one in recipients if one.lower() in self._hang_up),
            None,
        )

    def take(
        self, mail_from: str, recipients: Sequence[str], raw: bytes, user: Account | None
    ) -> int:
        """Take responsibility for a mail: archive it, then deliver it to whom is at home here.

        Returns the number of its first line in the archive.
        """
        first = self.taken + 1
        for recipient in recipients:
            self.taken += 1
            self._write(mail_from, recipient, raw, user)
        for recipient in recipients:
            if home := self.folders.get((recipient.lower(), INBOX)):
                trace = (
                    f"Return-Path: <{mail_from}>\r\nReceived: by standin with ESMTP id {first}\r\n"
                )
                home.add(trace.encode("utf-8") + raw)
        if user and user.sent_copies:
            self.folders[user.email.lower(), SENT].add(raw)
        return first

    def _write(self, mail_from: str, recipient: str, raw: bytes, user: Account | None) -> None:
        if self._archive is None:
            return
        line = {
            "seq": self.taken,
            "mail_from": mail_from,
            "rcpt_to": recipient,
            "authenticated_as": user.email if user else None,
            "delivered": recipient.lower() in self.accounts,
            "raw_b64": base64.b64encode(raw).decode("ascii"),
        }
        self._archive.write(json.dumps(line) + "\n")
        self._archive.flush()
