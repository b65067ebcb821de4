"""What a person writes on a list of those never to be contacted. Refuses what it cannot be sure to mean.

ada@acme.test, "Ada <ada+news@acme.test>"   one mailbox: case, name and tag do not count
acme.test, @acme.test, *@acme.test          a domain, with every domain below it
linkedin.com/in/ada, /in/ada                a profile
+44 20 7946 0000                            a phone number, with its country
"""

import re
from email.utils import parseaddr
from urllib.parse import urlsplit

from schemas.addresses import FREE_MAIL, ascii_domain, normalize
from schemas.enums import SuppressionKind as Kind

Listed = tuple[Kind, str]

_PHONE = re.compile(r"(\+|00)[\d\s()./-]{6,30}")
_LINKEDIN = re.compile(r"(https?://)?([a-z]+\.)?linkedin\.com/(in|company|pub)/[^/?#\s]+\S*|/in/[^/?#\s]+/?", re.IGNORECASE)  # fmt: skip
_SHORTEST_NAME = 2


def read(value: str, kind: Kind | None = None) -> Listed:
    """What a value means, and how it is kept; `kind` settles what could mean two things.

    A company's name is never guessed, for any text could be one. Raises ValueError.
    """
    named = "<" in value and kind in {None, Kind.EMAIL, Kind.DOMAIN}
    text = parseaddr(value)[1] if named else value.strip()
    if kind is None:
        kind = _guess(text)
    match kind:
        case Kind.EMAIL:
            return kind, _mailbox(text)
        case Kind.DOMAIN:
            return kind, _domain(text)
        case Kind.PHONE:
            return kind, _phone(text)
        case Kind.LINKEDIN:
            return kind, _profile(text)
        case Kind.COMPANY:
            return kind, _company(text)


def read_new(value: str, kind: Kind | None = None) -> Listed:
    """As `read`, for what is put on a list: whole mail providers only by `kind`. Raises ValueError."""
    listed = read(value, kind)
    if kind is None:
        try:
            refuse_everybody(listed)
        except ValueError as error:
            raise ValueError(f"{error}, or say --kind domain") from None
    return listed


def refuse_everybody(listed: Listed) -> None:
    """Raise ValueError for a domain where anybody has a mailbox: one list would silence them all."""
    kind, value = listed
    if kind is Kind.DOMAIN and value in FREE_MAIL:
        raise ValueError(f"means {value}, which is everybody's; name the address")


def whole_domain(text: str) -> str | None:
    """What follows an @ that has nothing or * before it: how people write everybody of a domain."""
    local, at, domain = text.rpartition("@")
    return domain.strip() if at and not local.strip("* ") else None


def _guess(text: str) -> Kind:
    if "@" in text:
        return Kind.EMAIL if whole_domain(text) is None else Kind.DOMAIN
    if _LINKEDIN.fullmatch(text):
        return Kind.LINKEDIN
    return Kind.PHONE if _PHONE.fullmatch(text) else Kind.DOMAIN


def _mailbox(text: str) -> str:
    address = normalize(text)
    if "*" in address:  # a legal letter, but nobody's: an entry that would protect nobody
        raise ValueError("has a * where none can be; a whole domain is written *@acme.test")
    return address


def _domain(text: str) -> str:
    text = whole_domain(text) or text
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
        return ascii_domain(host.removeprefix("www."))
    except ValueError:
        raise ValueError(
            "is no address, domain, profile or +phone number; a company's name needs --kind company"
        ) from None


def _phone(text: str) -> str:
    if not _PHONE.fullmatch(text):
        raise ValueError("is no phone number with its country; write it like +44 20 7946 0000")
    return text


def _profile(text: str) -> str:
    if not _LINKEDIN.fullmatch(text):
        raise ValueError("is no LinkedIn profile; write it like linkedin.com/in/ada")
    return text


def _company(text: str) -> str:
    if len(text) < _SHORTEST_NAME:
        raise ValueError("is no company's name")
    return " ".join(text.split())
