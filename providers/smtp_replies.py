"""What an SMTP refusal means for us: whose fault it is, and when to come back. Pure.

RFC 5321 §4.2.1 for the first digit, RFC 3463 and the IANA registry for the enhanced codes, Google's
and Microsoft's published lists for those of their own.
"""

import re
from datetime import timedelta
from enum import Enum, auto

from schemas.errors import JobError, RateLimited, Transient
from schemas.mails import LOGIN_CODES, Refused, RefusedWhat
from telemetry.spoken import mask


class Phase(Enum):
    """How far a conversation got; nothing was handed over in any of these."""

    HELLO = auto()
    LOGIN = auto()
    SENDER = auto()
    RECIPIENT = auto()
    MESSAGE = auto()


_STATUS = re.compile(r"(?<![.\d])([245]\.\d{1,3}\.\d{1,3})(?![.\d])")
_HINT = re.compile(
    r"\b(?:in|after|for)\s+(\d{1,6})\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)\b",
    re.IGNORECASE,
)
_UNITS = {"s": 1, "m": 60, "h": 3600}
_LONGEST_WAIT = timedelta(hours=6)

_OF_US = re.compile(
    r"relay|sender address|sender (?:is )?not|not (?:owned|permitted|authori[sz]ed)|client host|helo|"
    r"\b(?:exceed|quota|too many|rate|limit|unusual|blocked|blacklist|spam)",
    re.IGNORECASE,
)
"""Words about who sends, which servers like to say at RCPT: nothing the recipient can be blamed for."""

_OF_THE_MAILBOX = {
    # who we are was not believed, or may not do this (RFC 4954, RFC 7372; 57, 60, 64: Exchange)
    *(f"5.7.{n}" for n in (*range(8, 15), *range(20, 33), 57, 60, 64)),
    # Microsoft: banned sender, missing authentication of the domain, a tenant that sent too much
    *(f"5.7.{n}" for n in (501, 502, 503, 508, 509, 511, 515, 705, 708, 750)),
    "5.1.7",  # the sender's address cannot be
    "5.1.8",  # the sender's domain is refused
    "5.4.5",  # Google: the mailbox sent all that it may send today
}
_OF_THE_MESSAGE = {"5.3.4", "5.6.7"}
"""Too large, or an address that the server cannot carry: true whatever command was refused."""


def status_of(text: str) -> str | None:
    """The enhanced status code in a reply, or None."""
    found = _STATUS.search(text)
    return found[1] if found else None


def refusal(phase: Phase, code: int, text: str) -> JobError:
    """The error for a reply that is no consent; certain: the server took no responsibility.

    A server that repeats the login it refuses is not quoted in that.
    """
    text = mask(text)
    if 400 <= code < 500:
        return _later(code, text)
    if not 500 <= code < 600:
        return Transient(f"The mail server answered what nobody asked: {code} {text}.")
    status = status_of(text)
    return Refused(_what(phase, code, status, text), code=code, status=status, text=text)


def _what(phase: Phase, code: int, status: str | None, text: str) -> RefusedWhat:
    unknown = status is not None and status.startswith(("5.1.", "5.2."))
    if status in _OF_THE_MESSAGE:
        return RefusedWhat.MESSAGE
    if status in _OF_THE_MAILBOX or _is_about_us(phase, code, text, unknown=unknown):
        return RefusedWhat.MAILBOX
    if (status or "").startswith("5.7."):
        return RefusedWhat.MESSAGE  # a policy of theirs: the address is not to blame
    # Some servers look at the recipient only when they have the mail; there is one recipient.
    return RefusedWhat.RECIPIENT if phase is Phase.RECIPIENT or unknown else RefusedWhat.MESSAGE


def _is_about_us(phase: Phase, code: int, text: str, *, unknown: bool) -> bool:
    """Whether a refusal is the sender's. Servers say many of these only at RCPT, to every recipient;
    taken for the recipient's fault, one of them would end every sequence of the mailbox.
    """
    if code in LOGIN_CODES or code == 503 or phase in {Phase.HELLO, Phase.LOGIN, Phase.SENDER}:
        return True
    if re.search(r"\brelay", text, re.IGNORECASE):
        return True
    return phase is Phase.RECIPIENT and not unknown and _OF_US.search(text) is not None


def _later(code: int, text: str) -> JobError:
    hint = _HINT.search(text)
    if hint is None:
        return Transient(f"The mail server says not now: {code} {text}.")
    wait = timedelta(seconds=int(hint[1]) * _UNITS[hint[2][0].lower()])
    return RateLimited(
        f"The mail server says when: {code} {text}.", retry_after=min(wait, _LONGEST_WAIT)
    )
