"""What a mail server says about a mail that we hand to it."""

from enum import StrEnum

from schemas.base import Value
from schemas.errors import Permanent

LOGIN_CODES = frozenset({530, 534, 535, 538})


class RefusedWhat(StrEnum):
    """Whose fault a refusal is, and so what has to stop."""

    RECIPIENT = "recipient"
    MAILBOX = "mailbox"
    MESSAGE = "message"


class Accepted(Value):
    """A server took responsibility for a mail: its answer, word for word, or where we found the proof."""

    answer: str


class Refused(Permanent):
    """A server refused for good (RFC 5321 5yz), before it took responsibility."""

    def __init__(self, what: RefusedWhat, *, code: int, status: str | None, text: str) -> None:
        super().__init__(
            f"The mail server refused the {what.value}: {code} {text}".rstrip(".") + "."
        )
        self.what = what
        self.code = code
        self.status = status
        self.text = text

    @property
    def is_of_the_login(self) -> bool:
        """Whether another password would help (RFC 4954 §6, RFC 3463 x.7.8)."""
        return self.what is RefusedWhat.MAILBOX and (
            self.code in LOGIN_CODES or self.status == "5.7.8"
        )
