"""The grammar that the IMAP stand-in understands: words, sets of numbers, search keys, fetch items."""

import re
from collections.abc import Iterable, Iterator, Sequence

from providers.standins.mail_store import Stored

_WORD = re.compile(
    r'\s*(?:(?P<mark>[()])|"(?P<text>(?:[^"\\]|\\.)*)"|(?P<atom>[^\s()"]+))', re.DOTALL
)
_BODY = re.compile(r"BODY(?:\.PEEK)?\[(HEADER|TEXT)?\](?:<(\d+)\.(\d+)>)?")
_TOTAL = ("ALL", "UNSEEN", "UNDELETED", "UNFLAGGED", "UNANSWERED", "OLD")
_NONE = ("SEEN", "DELETED", "FLAGGED", "ANSWERED", "NEW", "RECENT")

Numbered = tuple[int, Stored]


class BadCommand(Exception):
    """Something that this server does not understand."""


def words(text: str) -> list[str]:
    """Atoms, quoted strings without their quotes, and parentheses, in order."""
    found: list[str] = []
    place = 0
    while text[place:].strip():
        word = _WORD.match(text, place)
        if word is None:
            raise BadCommand(f"Cannot read {text[place:]!r}")
        quoted = word["text"]
        plain = word["mark"] or word["atom"]
        found.append(plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL))
        place = word.end()
    return found


def in_set(mails: Sequence[Stored], wanted: str, *, uid: bool) -> Iterator[Numbered]:
    """The mails of a set like `1,5:*`, by UID or by place; `*` is the last one that there is."""
    last = (mails[-1].uid if uid else len(mails)) if mails else 0
    ranges = [_range(piece, last) for piece in wanted.split(",")]
    for number, mail in enumerate(mails, 1):
        key = mail.uid if uid else number
        if any(low <= key <= high for low, high in ranges):
            yield number, mail


def _range(piece: str, last: int) -> tuple[int, int]:
    ends = [last if end == "*" else int(end) if end.isdecimal() else -1 for end in piece.split(":")]
    if -1 in ends or len(ends) > 2:
        raise BadCommand(f"Cannot read the set {piece!r}")
    return min(ends), max(ends)


def matches(mails: Sequence[Stored], wanted: Sequence[str]) -> list[Numbered]:
    """The mails that every search key of a list fits."""
    keys = iter([word for word in wanted if word not in {"(", ")"}])
    found: Iterable[Numbered] = list(enumerate(mails, 1))
    for key in keys:
        found = _narrowed(list(found), mails, key, keys)
    return list(found)


def _narrowed(
    found: list[Numbered], mails: Sequence[Stored], key: str, rest: Iterator[str]
) -> list[Numbered]:
    name = key.upper()
    if name in _TOTAL:
        return found
    if name in _NONE:
        return []
    if name == "HEADER":
        field, value = next(rest, ""), next(rest, "").lower()
        if field.lower() != "message-id":
            raise BadCommand(f"Cannot search the header {field!r}")
        return [one for one in found if value in one[1].message_id.lower()]
    if name == "UID":
        chosen = {number for number, _ in in_set(mails, next(rest, ""), uid=True)}
    elif key[:1].isdecimal() or key[:1] == "*":
        chosen = {number for number, _ in in_set(mails, key, uid=False)}
    else:
        raise BadCommand(f"Unknown search key {key!r}")
    return [one for one in found if one[0] in chosen]


def part(mail: Stored, item: str) -> bytes:
    """One fetched item with its name, as it stands between the parentheses of a FETCH response."""
    if item == "UID":
        return b"UID %d" % mail.uid
    if item == "FLAGS":
        return b"FLAGS ()"
    if item == "RFC822.SIZE":
        return b"RFC822.SIZE %d" % len(mail.raw)
    if item in {"RFC822", "RFC822.HEADER"}:
        item = "BODY.PEEK[]" if item == "RFC822" else "BODY.PEEK[HEADER]"
    body = _BODY.fullmatch(item)
    if body is None:
        raise BadCommand(f"Unknown item {item!r}")
    head, _, text = mail.raw.partition(b"\r\n\r\n")
    chosen = {"HEADER": head + b"\r\n\r\n", "TEXT": text}.get(body[1] or "", mail.raw)
    name = f"BODY[{body[1] or ''}]"
    if body[2] is not None:
        chosen = chosen[int(body[2]) :][: int(body[3])]
        name += f"<{body[2]}>"
    return b"%b {%d}\r\n%b" % (name.encode(), len(chosen), chosen)
