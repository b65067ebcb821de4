"""Secrets that this thread has in hand, and the forms in which a stranger may say them back to us.

A mail server quotes the login it refuses, a vendor the token: no pattern finds such a word, only the
word itself does. Refuses to keep one longer than the work it was opened for.
"""

import base64
import json
import re
import threading
from collections import deque
from functools import cached_property
from urllib.parse import quote, quote_plus

MASK = "[redacted]"
_MOST = 16
"""Secrets of one piece of work; a job opens one or two."""
_SHORT = 8
"""Below this many characters a form is masked only where it stands as a word of its own."""


class _InHand(threading.local):
    def __init__(self) -> None:
        self.known: deque[_Forms] = deque(maxlen=_MOST)


class _Forms:
    """One secret, and, once somebody has something to say, what it looks like in a text."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return f"_Forms({MASK})"

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        forms = sorted(_forms(self.secret), key=len, reverse=True)
        return re.compile("|".join(map(_found, forms)), re.IGNORECASE) if forms else None


_HERE = _InHand()


def remember(secret: bytes) -> None:
    """Mask this secret in whatever the calling thread says from now on, until `forget`."""
    if all(forms.secret != secret for forms in _HERE.known):
        _HERE.known.append(_Forms(secret))


def forget() -> None:
    """The work is over; threads are reused."""
    _HERE.known.clear()


def mask(text: str) -> str:
    """The text without any form of a secret that this thread has in hand."""
    for forms in _HERE.known:
        if forms.pattern:
            text = forms.pattern.sub(MASK, text)
    return text


def _forms(secret: bytes) -> set[str]:
    """Plain, escaped, in hex, for a URL, and in base64 at any place of a longer text."""
    found = {secret.hex()} if secret else set[str]()
    for lead in range(3):
        coded = base64.b64encode(b"\0" * lead + secret).decode()
        # Only the characters whose six bits are all the secret's own.
        inner = coded[(0, 2, 3)[lead] : (lead + len(secret)) * 8 // 6]
        found |= {inner, inner.translate(str.maketrans("+/", "-_"))}
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        return {form for form in found if len(form) > 3}
    found |= {
        text,
        quote(text, safe=""),
        quote_plus(text),
        json.dumps(text)[1:-1],
        repr(text)[1:-1],
    }
    return {form for form in found if len(form) > 3 or form == text != ""}


def _found(form: str) -> str:
    word = re.escape(form)
    return rf"(?<!\w){word}(?!\w)" if len(form) < _SHORT else word
