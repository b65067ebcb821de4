"""The people of the demo: what each does with a mail of ours, decided by their address and a seed.

Pure: the same mail and seed give the same answer, byte for byte. Beside every answer stands what it
means, which is the truth that the fleet is judged by. Refuses to look at anything but the mail.
"""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from enum import StrEnum
from functools import lru_cache

from providers.standins.prospect_words import LANGUAGES
from schemas.enums import ReplyAuthor, ReplyDecision, ReplyIntent


class Kind(StrEnum):
    """What somebody does with a mail."""

    SILENT = "silent"
    INTERESTED = "interested"
    QUESTION = "question"
    MEETING = "meeting"
    NOT_INTERESTED = "not_interested"
    NOT_NOW = "not_now"
    UNSUBSCRIBE = "unsubscribe"
    ONE_CLICK = "one_click"
    ABSENT = "absent"
    TICKET = "ticket"
    REFUSED = "refused"
    BOUNCE = "bounce"
    COLLEAGUE = "colleague"
    OWN_COPY = "own_copy"
    COMPLAINT = "complaint"


_SHARES: dict[Kind, float] = {
    Kind.SILENT: 62, Kind.INTERESTED: 4, Kind.QUESTION: 3, Kind.MEETING: 3, Kind.NOT_INTERESTED: 5,
    Kind.NOT_NOW: 2, Kind.UNSUBSCRIBE: 3, Kind.ONE_CLICK: 2, Kind.ABSENT: 4, Kind.TICKET: 2,
    Kind.REFUSED: 2, Kind.BOUNCE: 4, Kind.COLLEAGUE: 2, Kind.OWN_COPY: 1, Kind.COMPLAINT: 1,
}  # fmt: skip
_AUTOMATIC = {Kind.ABSENT, Kind.TICKET}
_AT_ONCE = {Kind.REFUSED, Kind.BOUNCE}
_AWAY_DAYS = (4, 5, 6)
_NEXT_DAY = 0.2
_MORNING = timedelta(hours=8)

# What a kind is to be understood as; a kind that is missing sends no mail that could be read.
_MEANING: dict[Kind, tuple[ReplyAuthor, ReplyIntent | None, ReplyDecision]] = {
    Kind.INTERESTED: (ReplyAuthor.HUMAN, ReplyIntent.INTERESTED, ReplyDecision.STOP),
    Kind.QUESTION: (ReplyAuthor.HUMAN, ReplyIntent.QUESTION, ReplyDecision.STOP),
    Kind.MEETING: (ReplyAuthor.HUMAN, ReplyIntent.MEETING_REQUEST, ReplyDecision.STOP),
    Kind.NOT_INTERESTED: (ReplyAuthor.HUMAN, ReplyIntent.NOT_INTERESTED, ReplyDecision.STOP),
    Kind.NOT_NOW: (ReplyAuthor.HUMAN, ReplyIntent.NOT_INTERESTED, ReplyDecision.STOP),
    Kind.UNSUBSCRIBE: (ReplyAuthor.HUMAN, ReplyIntent.UNSUBSCRIBE, ReplyDecision.STOP),
    Kind.ABSENT: (ReplyAuthor.OUT_OF_OFFICE, ReplyIntent.OUT_OF_OFFICE, ReplyDecision.PAUSE),
    Kind.TICKET: (ReplyAuthor.AUTO_REPLY, ReplyIntent.AUTO_REPLY, ReplyDecision.RELEASE),
    Kind.BOUNCE: (ReplyAuthor.BOUNCE, ReplyIntent.BOUNCE, ReplyDecision.STOP),
    Kind.COLLEAGUE: (ReplyAuthor.HUMAN, ReplyIntent.INTERESTED, ReplyDecision.STOP),
    Kind.COMPLAINT: (ReplyAuthor.COMPLAINT, None, ReplyDecision.STOP),
}


@dataclass(frozen=True, slots=True)
class Habit:
    """What a person does: with which of our mails, how long after it, and in which language."""

    kind: Kind
    step: int
    delay: timedelta
    language: str
    draw: int
    """A number for every smaller choice."""
    away_days: int
    sleeps_over_it: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """How the answer has to be understood; `intent` None: any will do."""

    author: ReplyAuthor
    intent: ReplyIntent | None
    decision: ReplyDecision
    returns: date | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A mail of ours, as the recipient's server has it."""

    message_id: str
    step: int
    sender: str
    sender_name: str
    recipient: str
    recipient_name: str
    subject: str
    sent_at: datetime
    text: str
    unsubscribe_url: str
    raw: bytes


def received(raw: bytes) -> Received:
    """Read a mail of ours; its place in the sequence is the length of its References.

    Raises ValueError when it lacks what every mail of ours must have.
    """
    mail = message_from_bytes(
        raw
    )  # the old policy: thousands are read, and it is many times faster
    sender, recipient = (getaddresses([_header(mail, name)])[0] for name in ("From", "To"))
    links = [part.strip().strip("<>") for part in _header(mail, "List-Unsubscribe").split(",")]
    message_id = _header(mail, "Message-ID").strip()
    text = mail.get_payload(decode=True)
    if not isinstance(text, bytes) or not message_id or not links[0].startswith("http"):
        raise ValueError(
            "A mail without a text, a Message-ID or a link to unsubscribe is not ours."
        )
    return Received(
        message_id=message_id,
        step=len(_header(mail, "References").split()) + 1,
        sender=sender[1],
        sender_name=_spoken(sender[0]),
        recipient=recipient[1],
        recipient_name=_spoken(recipient[0]),
        subject=_spoken(_header(mail, "Subject")),
        sent_at=parsedate_to_datetime(_header(mail, "Date")),
        text=text.decode("utf-8", "replace").replace("\r\n", "\n"),
        unsubscribe_url=links[0],
        raw=raw,
    )


def _header(mail: Message, name: str) -> str:
    """A header on one line, as it stands in the mail."""
    return "".join(str(mail[name] or "").splitlines())


def _spoken(text: str) -> str:
    """What a person reads: encoded words (RFC 2047) as letters."""
    return str(make_header(decode_header(text)))


@lru_cache(maxsize=20_000)
def habit(address: str, seed: int) -> Habit:
    """What the person behind an address does; the same for ever for the same seed."""
    dice = random.Random(f"{seed}:prospect:{address.lower()}")  # noqa: S311  (a play, not a secret)
    kind = dice.choices(list(_SHARES), list(_SHARES.values()))[0]
    step = dice.choices((1, 2, 3), (55, 30, 15))[0]
    if kind in _AUTOMATIC:
        step = min(step, 2)
    if kind in _AT_ONCE:
        step = 1
    return Habit(
        kind=kind,
        step=step,
        delay=_delay(dice, kind),
        language=dice.choice(LANGUAGES) if kind is Kind.UNSUBSCRIBE else _language(dice),
        draw=dice.randrange(1 << 16),
        away_days=dice.choice(_AWAY_DAYS),
        sleeps_over_it=kind not in _AUTOMATIC | _AT_ONCE and dice.random() < _NEXT_DAY,
    )


def _language(dice: random.Random) -> str:
    return dice.choices(LANGUAGES, (40, 18, 12, 8, 8, 8, 3, 3))[0]


def _delay(dice: random.Random, kind: Kind) -> timedelta:
    """Machines answer in minutes, people in hours; see `answered_at` for those who sleep over it."""
    if kind in _AUTOMATIC:
        return timedelta(seconds=dice.randrange(5, 120))
    if kind is Kind.BOUNCE:
        return timedelta(minutes=dice.randrange(1, 20))
    return timedelta(hours=dice.choice((1, 1, 2, 2, 3)), minutes=dice.randrange(60))


def answered_at(mail: Received, how: Habit) -> datetime:
    """When the person answers: after their delay, or the first thing in the morning."""
    if not how.sleeps_over_it:
        return mail.sent_at + how.delay
    minutes = timedelta(minutes=how.draw % 60)
    midnight = mail.sent_at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=1) + _MORNING + minutes


def truth(mail: Received, seed: int) -> Truth | None:
    """How this person's answer to this mail has to be understood; None: nothing that could be read."""
    how = habit(mail.recipient, seed)
    if how.step != mail.step or how.kind not in _MEANING:
        return None
    author, intent, decision = _MEANING[how.kind]
    returns = return_date(mail, how) if how.kind is Kind.ABSENT else None
    return Truth(author, intent, decision, returns)


def return_date(mail: Received, how: Habit) -> date:
    """The day an absent person names: a Monday, and some days after our mail."""
    day = mail.sent_at.date() + timedelta(days=how.away_days)
    return day + timedelta(days=-day.weekday() % 7)


def refuses(address: str, seed: int) -> bool:
    """Whether the person's mail server knows no such person, and says so at once."""
    return habit(address, seed).kind is Kind.REFUSED
