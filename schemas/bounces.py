"""Reports of mail that did not arrive: of which recipient, why, and whether for good (RFC 3464, 3463).

Refuses nothing; a report that says little gives a bounce that says little. Whether the mail was
ours is not for this module to say.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from schemas.base import Value
from schemas.bounce_words import HARD, OURS, REASONS
from schemas.inbound import Inbound, addresses

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.])([45])\d\d[ -]")
_ONLY = re.compile(
    r"[\s*>]{0,6}(?:to:|rcpt to:|recipient:|<|\"|')?\s{0,3}<?([^\s<>\"']{1,64}@[^\s<>\"':;,]{1,255})>?[\"':;,]{0,2}\s{0,3}(.{0,300})"
)
_COPY = re.compile(
    r"(-{2,}.{0,60}(copy|original|returned|message header|included|below|headers|unsent|forwarded)|received: |return-path: |"
    r"the (header|following) (of|is) (the|a|copy)|original message|here is a copy|below this line|message headers?:|"
    r"diagnostic information for administrators|--- enclosed)",
    re.IGNORECASE,
)  # fmt: skip
_UNKNOWN = ("user unknown", "unknown user", "no such user", "recipient unknown", "does not exist")
_MOST_LINES, _MOST_RECIPIENTS = 400, 50
_DELAYED = ("delayed", "warning message only", "will keep trying", "will be retried", "not yet been delivered",
            "still trying", "delivery attempts will continue", "verzögert")  # fmt: skip


class Bounce(Value):
    """A mail that did not arrive. `recipients` in lower case; `kind` hard: never will."""

    recipients: tuple[str, ...] = ()
    kind: str = "soft"
    action: str = "failed"
    status: str | None = None
    reason: str = "undefined"

    @property
    def ours(self) -> bool:
        """Whether the sender is at fault, and not the address."""
        return self.reason in OURS


def read(mail: Inbound) -> Bounce:
    """What a report says that is known to be one."""
    groups = [group for group in mail.statuses if _recipient(group)]
    notice = _notice(mail)
    said = [text for group in groups if (text := group.get("diagnostic-code", ""))]
    action = _action(groups, mail, notice)
    status = _status(groups, " ".join(said) or notice)
    reason = _reason(said, status, notice, action)
    hard = action == "failed" and reason in HARD
    return Bounce(
        recipients=_recipients(groups, mail, notice),
        kind="hard" if hard else "soft",
        action=action,
        status=status,
        reason=reason,
    )


def _notice(mail: Inbound) -> str:
    """What the report says in its own words, before what it returns."""
    lines = mail.full_text.splitlines()[:_MOST_LINES]
    for number, line in enumerate(lines):
        if number > 2 and _COPY.match(line[:200].strip()):
            return "\n".join(lines[:number])
    return "\n".join(lines)


def _recipient(group: Mapping[str, str]) -> str | None:
    for name in ("final-recipient", "original-recipient", "x-actual-recipient"):
        if found := addresses(group.get(name, "").rpartition(";")[2]):
            return found[0]
    return None


def _action(groups: Sequence[Mapping[str, str]], mail: Inbound, notice: str) -> str:
    actions = {group.get("action", "").split(" ")[0].lower() for group in groups}
    if "failed" in actions:
        return "failed"
    if "delayed" in actions:
        return "delayed"
    low = f"{mail.subject}\n{notice[:2_000]}".lower()
    return "delayed" if not actions - {""} and any(word in low for word in _DELAYED) else "failed"


def _status(groups: Sequence[Mapping[str, str]], said: str) -> str | None:
    stated = [match[1] for group in groups if (match := _STATUS.search(group.get("status", "")))]
    found = _STATUS.findall(said[:20_000])
    specific = [code for code in (*found, *stated) if not code.endswith(".0.0")]
    return next(iter((*specific, *stated, *found)), None)


def _reason(said: Sequence[str], status: str | None, notice: str, action: str) -> str:
    """Why it failed: the first recipient's reason that is for good, else the first that is known."""
    found = [one for text in said if (one := _told_reason(text, status))]
    found = found or [one for one in [_told_reason(notice, status)] if one]
    if found:
        return next((one for one in found if one in HARD), found[0])
    return "expired" if action == "delayed" else _by_status(status)


def _told_reason(text: str, status: str | None) -> str | None:
    low = text.lower()[:20_000]
    if (status or "").startswith("5.1.1") and any(word in low for word in _UNKNOWN):
        return "userunknown"
    for reason, words in REASONS:
        if any(word in low for word in words):
            return _softened(reason, status, low)
    return None


def _softened(reason: str, status: str | None, low: str) -> str:
    """A failure that passes is no proof that nobody is there."""
    if reason not in HARD:
        return reason
    code = _REPLY_CODE.search(low)
    passing = (status or "").startswith("4.") or (not status and code and code[1] == "4")
    return "onhold" if passing else reason


def _by_status(status: str | None) -> str:
    table = {"5.1.1": "userunknown", "5.1.2": "hostunknown", "5.1.3": "userunknown", "5.1.6": "hasmoved",
             "5.2.1": "suspend", "5.2.2": "mailboxfull", "4.2.2": "mailboxfull", "5.3.4": "mesgtoobig",
             "5.4.4": "hostunknown", "4.4.7": "expired", "5.4.7": "expired", "5.7.1": "policyviolation"}  # fmt: skip
    return table.get(status or "", "undefined")


def _recipients(groups: Sequence[Mapping[str, str]], mail: Inbound, notice: str) -> tuple[str, ...]:
    failed = [
        group
        for group in groups
        if group.get("action", "failed").split(" ")[0].lower() in {"failed", "delayed", ""}
    ]
    stated = [found for group in failed or groups if (found := _recipient(group))]
    if stated:
        return tuple(dict.fromkeys(stated))[:_MOST_RECIPIENTS]
    if named := addresses(mail.header("x-failed-recipients")):
        return named[:_MOST_RECIPIENTS]
    us = {*mail.to, mail.from_email, mail.returned.from_email if mail.returned else None}
    told = [found for found in _told(notice) if found not in us]
    if not told and mail.returned and mail.returned.to_email:
        told = [mail.returned.to_email]
    return tuple(dict.fromkeys(told))[:_MOST_RECIPIENTS]


def _told(notice: str) -> Iterator[str]:
    """Addresses that stand alone in a line; when there are none, the first one in the text."""
    alone = False
    for line in notice.splitlines():
        match = _ONLY.match(line[:500])
        if match and (found := addresses(match[1])):
            alone = True
            yield found[0]
    if not alone:
        yield from addresses(notice[:5_000])[:1]
