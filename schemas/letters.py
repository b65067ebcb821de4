"""A mail as it goes out, from words to bytes. Refuses a header that could smuggle in another.

RFC 5322 (Message-ID, In-Reply-To, References), RFC 2369 and RFC 8058 (one-click unsubscribe).
"""

import re
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from hashlib import sha256
from unicodedata import category

from pydantic import AwareDatetime

from schemas.addresses import ascii_domain, normalize
from schemas.base import Value
from schemas.errors import Permanent

_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_LINK = re.compile(r"(https?://|mailto:)[!-;=?-~]{1,900}")
_UNWRITABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})  # line breaks of every kind, controls, surrogates


class BadLetter(Permanent):
    """The mail cannot be written as a valid message; the text names the field."""


class Letter(Value):
    """One mail to one person; ids carry their angle brackets, `date` its zone."""

    message_id: str
    sender_email: str
    sender_name: str | None
    recipient_email: str
    recipient_name: str | None
    subject: str
    body: str
    date: AwareDatetime
    in_reply_to: str | None
    references: tuple[str, ...]
    unsubscribe_url: str
    unsubscribe_mailto: str


def to_bytes(letter: Letter) -> bytes:
    """The mail as it is handed to a server: CRLF, one part of UTF-8 text, 7 bits wide.

    No Auto-Submitted (RFC 3834): a person stands behind it and reads the answers. Raises BadLetter
    for a header with a line break or a control character, and for what is no address, id or link.
    """
    mail = EmailMessage(policy=_NARROW)
    mail["Message-ID"] = _id("message_id", letter.message_id)
    mail["Date"] = format_datetime(letter.date)
    mail["From"] = _address("sender", letter.sender_name, letter.sender_email)
    mail["To"] = _address("recipient", letter.recipient_name, letter.recipient_email)
    mail["Subject"] = _line("subject", letter.subject)
    if letter.in_reply_to:
        mail["In-Reply-To"] = _id("in_reply_to", letter.in_reply_to)
    if letter.references:
        mail["References"] = " ".join(_id("references", one) for one in letter.references)
    mail["List-Unsubscribe"] = ", ".join(
        (
            f"<{_link('unsubscribe_url', letter.unsubscribe_url, 'http')}>",
            f"<{_link('unsubscribe_mailto', letter.unsubscribe_mailto, 'mailto:')}>",
        )
    )
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(_text(letter.body), charset="utf-8", cte="quoted-printable")
    return mail.as_bytes(policy=_FOLDING)


def message_id(effect_key: str, domain: str) -> str:
    """The Message-ID of an effect, the same for ever; `domain` is the sender's.

    Raises ValueError when `domain` is none.
    """
    return f"<{sha256(effect_key.encode()).hexdigest()[:32]}@{ascii_domain(domain)}>"


def with_footer(body: str, url: str) -> str:
    """The text, and under a signature mark (RFC 3676) a line that says how to be left alone."""
    return f"{body.rstrip()}\n\n-- \nNot for you? Unsubscribe with one click: {url}\n"


_NARROW = policy.SMTP.clone(max_line_length=76)
_WIDE = policy.SMTP.clone(max_line_length=998)


class _Folding(EmailPolicy):
    """Folds a header at 76 columns when it has encoded words, else only where RFC 5322 must (998).

    The library folds at 78 and writes a long link or id as an encoded word, which no client reads
    as a link; at 998 it writes encoded words beyond the 75 characters that RFC 2047 allows; and at
    78, words of 77 and quoted-printable lines of 78, where RFC 2045 allows 76.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        return (_WIDE if value.isascii() else _NARROW).fold_binary(name, value)


_FOLDING = _Folding(linesep="\r\n")


def _address(who: str, name: str | None, email: str) -> Address:
    try:
        address = normalize(email)
    except ValueError as error:
        raise BadLetter(f"{who}_email: {error}") from None
    if not address.isascii():
        raise BadLetter(
            f"{who}_email: letters beyond ASCII before the @ need SMTPUTF8 (RFC 6531),"
            " which few servers take; use another address."
        )
    return Address(display_name=_line(f"{who}_name", (name or "").strip()), addr_spec=address)


def _line(field: str, text: str) -> str:
    if any(category(character) in _UNWRITABLE for character in text):
        raise BadLetter(f"{field}: it has a line break or a control character; remove it.")
    if "=?" in text:
        raise BadLetter(
            f"{field}: it has the mark of an encoded word, =?, which hides text; remove it."
        )
    return text


def _id(field: str, text: str) -> str:
    if len(text) > 900 or not _ID.fullmatch(text):
        raise BadLetter(f"{field}: {text!r} is no Message-ID; write <something@domain>.")
    return text


def _link(field: str, text: str, scheme: str) -> str:
    if not text.startswith(scheme) or not _LINK.fullmatch(text):
        raise BadLetter(f"{field}: it is no {scheme} link of printable ASCII; percent-encode it.")
    return text


def _text(body: str) -> str:
    if "\0" in body or any(category(character) == "Cs" for character in body):
        raise BadLetter("body: it has a NUL or half of a surrogate pair; remove it.")
    return body.replace("\r\n", "\n").replace("\r", "\n")
