"""What we need from the outside world, in our own words; no vendor's name or shape."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from schemas.completions import Completion
from schemas.contacts import Contact, Outcome
from schemas.enrichments import DomainFacts
from schemas.enums import MailSecurity
from schemas.integrations import Vendor
from schemas.mails import Accepted
from telemetry.secrets import Sealed


class DomainLookup(Protocol):
    """Public facts about a domain: its mail, and its company's home page."""

    def look(self, domain: str, website: str | None, *, key: str) -> DomainFacts:
        """Ask DNS about `domain` (ASCII) and read `website`, or else the domain's own home page.

        Asking twice is free and changes nothing; `key` names the question in the other side's log.
        A site or a mail server that is missing or broken is a fact. Raises Transient when our own
        resolver or egress proxy fails, RateLimited when the proxy says so, Permanent when it
        refuses us, and nothing else.
        """
        ...


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where a mailbox sends or is read, and as whom; no secret: the server asks for none."""

    host: str
    port: int
    security: MailSecurity
    username: str | None
    secret: Sealed | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to where a folder was read (RFC 3501: UIDs mean something under one UIDVALIDITY)."""

    uid_validity: int
    last_uid: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """Mails after a cursor, oldest first, the cursor after them, and whether there are more."""

    mails: tuple[bytes, ...]
    cursor: Cursor
    more: bool


class MailSender(Protocol):
    """Hands one mail to a submission server (RFC 6409)."""

    def send(self, server: MailServer, mail: bytes, *, sender: str, recipient: str) -> Accepted:
        """Deliver `mail` to one recipient; returns once the server took responsibility for it.

        Raises, only when the server certainly did not: schemas.mails.Refused (Permanent, with what
        was refused and the codes), Transient, RateLimited. Raises Unanswered when the connection
        ended between the last byte of the mail and the server's answer.
        """
        ...


class Ear(Protocol):
    """A connection that listens to one folder."""

    def wait(self, *, at_most: timedelta) -> bool:
        """Until something happened since the last look (True) or the time is over (False).

        IDLE (RFC 2177). Raises Transient when the connection ended.
        """
        ...

    def close(self) -> None:
        """End a wait at once; for another thread."""
        ...


class MailReader(Protocol):
    """Reads a mailbox (RFC 3501) and changes nothing in it."""

    def fetch(
        self, server: MailServer, folder: str, after: Cursor | None, *, limit: int
    ) -> Fetched:
        """Up to `limit` mails whose UID is above the cursor's; from the start when None or when the
        folder's UIDVALIDITY changed. Mails above the size limit come as their header only, marked.

        Raises Transient, NeedsReauth when the server refuses the login, or Permanent when it has no
        such folder.
        """
        ...

    def find(self, server: MailServer, folder: str, message_id: str) -> bool:
        """Whether the folder holds a mail with this Message-ID. Raises as `fetch`."""
        ...

    def listen(self, server: MailServer, folder: str) -> AbstractContextManager[Ear]:
        """Hear everything that happens in the folder from the block's begin on. Raises as `fetch`."""
        ...


@dataclass(frozen=True, slots=True)
class CrmAccount:
    """A connected CRM: where its API is, and the token for it."""

    base_url: str
    secret: Sealed


class Crm(Protocol):
    """Tells a CRM about people."""

    def upsert(self, account: CrmAccount, contacts: Sequence[Contact]) -> list[Outcome]:
        """Create or update contacts by e-mail address; one outcome each, in the order given.

        Repeatable: the same contacts again change nothing. Raises Transient (an answer may have
        been lost), RateLimited, NeedsReauth when the token is refused, and Permanent when the whole
        request is; what is wrong with one contact is that contact's outcome.
        """
        ...

    def fields(self, account: CrmAccount) -> frozenset[str]:
        """The CRM's names of the contact fields that may be written. Raises as `upsert`."""
        ...

    def read(
        self, account: CrmAccount, emails: Sequence[str], fields: Sequence[str]
    ) -> list[Contact]:
        """What the CRM knows of these people, in its own field names; the unknown ones are left out."""
        ...


@dataclass(frozen=True, slots=True)
class ModelAccount:
    """Where a language model is, which one, and the key for it; none: the server asks for none."""

    base_url: str
    model: str
    secret: Sealed | None


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked: our words, the data, the form of the answer, and how long it may be."""

    system: str
    user: str
    form: str
    schema: Mapping[str, object]
    max_tokens: int
    temperature: float | None = None


class LanguageModel(Protocol):
    """Writes an answer to a question, in JSON of a given form."""

    def complete(self, account: ModelAccount, question: Question, *, key: str) -> Completion:
        """One answer, paid for by the token; whether it has the form asked for is the caller's to see.

        `key` names the question in the other side's log. Raises, only when certainly nothing was
        answered: errors.NeedsReauth, Transient, RateLimited, Permanent. Raises Unanswered when
        an answer may have been written, and paid for, and was lost. No error quotes either side.
        """
        ...

    def list_models(self, account: ModelAccount) -> frozenset[str]:
        """The server's names of the models that our key may use; costs nothing. Raises as `complete`."""
        ...


@dataclass(frozen=True, slots=True)
class VendorAccount:
    """An account at a vendor: where its API is, and the secret for it."""

    vendor: Vendor
    base_url: str
    secret: Sealed


class KeyChecker(Protocol):
    """Asks a vendor whether it takes our secret, as cheaply as it can be asked."""

    def check(self, account: VendorAccount) -> None:
        """Returns when it does. Raises NeedsReauth when it does not, RateLimited, Transient, and
        Permanent when what answers is not that vendor's API.
        """
        ...


def _nothing() -> None:
    """Fakes hold no connections."""


@dataclass(frozen=True, slots=True)
class Providers:
    """Every port an actor may use; `close` gives connections back, once, at the process's end.

    `link_base`: what the links in our mails begin with, where the world reaches us.
    """

    domains: DomainLookup
    sender: MailSender
    reader: MailReader
    crm: Crm
    keys: KeyChecker
    model: LanguageModel
    house_model: ModelAccount | None = None
    """What the settings name, for tenants without a model of their own; None: they have none."""
    house_daily_cents: int = 500
    close: Callable[[], None] = _nothing
    link_base: str = "http://127.0.0.1:8080"
