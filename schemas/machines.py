"""Who wrote a mail: a person, or a machine and which kind, with reasons (RFC 3464, 3834, 5965, 8098).

`Precedence: bulk` and its like never decide alone: people write to lists. Refuses to call something a
machine's for a word that people use too.
"""

from collections.abc import Sequence

from schemas.base import Value
from schemas.bounce_words import BODIES, DAEMON_NAMES, DAEMONS, SUBJECTS
from schemas.enums import ReplyAuthor
from schemas.inbound import Inbound
from schemas.machine_words import (
    AUTO_SUBJECTS,
    AWAY,
    AWAY_SUBJECTS,
    LEFT,
    ROBOT,
    TICKET,
    TICKET_SUBJECTS,
)
from schemas.phrases import Sentence

_REPLIES = ("re:", "aw:", "sv:", "rv:", "antw:", "res:", "odp:", "r:", "fw:", "fwd:", "wg:", "tr:", "rv:", "enc:", "vs:")  # fmt: skip
_TAGS = ("[external]", "[ext]", "[extern]", "external:", "(external)", "***spam***", "[spam]")
HARMLESS_REPORTS = frozenset({"auth-failure", "dmarc", "not-spam"})
"""Feedback reports (RFC 5965, RFC 6591) that are not a reader's complaint."""
_VERIFIES = (
    "verify your email",
    "challenge",
    "confirm your email",
    "approved senders",
    "spam arrest",
    "spamarrest",
)


class Authorship(Value):
    """Who wrote a mail and how we know; `certain` when its form alone says so."""

    author: ReplyAuthor
    sub: str | None = None
    reasons: tuple[str, ...] = ()
    certain: bool = False


def certainly_machine(mail: Inbound) -> bool:
    """Whether headers and structure alone show that no person wrote this. Words do not count."""
    return bool(_structure(mail) or _header(mail))


def authorship(mail: Inbound, said: Sequence[Sentence]) -> Authorship:
    """Who wrote a mail; `said` is its newest text. The first kind of evidence that speaks decides."""
    if found := _structure(mail):
        return found
    if found := _bounce_by_words(mail):
        return found
    header, subject, words = _header(mail), _subject(mail), _words(said)
    if header:
        return _answered(header, subject, words)
    if subject and (words or subject.startswith(AUTO_SUBJECTS)):
        return _answered(None, subject, words)
    return _robot(said) or Authorship(author=ReplyAuthor.HUMAN)


def _answered(header: str | None, subject: str, words: Authorship | None) -> Authorship:
    """A machine's answer: which kind, by its words first and its subject then."""
    found = words or Authorship(author=ReplyAuthor.AUTO_REPLY)
    absent = any(said in subject for said in AWAY_SUBJECTS) if subject else False
    if absent and found.sub != "left_company":
        found = Authorship(author=ReplyAuthor.OUT_OF_OFFICE, sub="absence", reasons=found.reasons)
    elif subject.startswith(TICKET_SUBJECTS) and found.author is ReplyAuthor.OUT_OF_OFFICE:
        found = Authorship(author=ReplyAuthor.AUTO_REPLY, sub="ack", reasons=found.reasons)
    told = tuple(filter(None, (header, subject and f"subject: {subject[:40]}", *found.reasons)))
    return found.model_copy(update={"reasons": told, "certain": bool(header)})


def _robot(said: Sequence[Sentence]) -> Authorship | None:
    """Two different phrases of machines, in a mail whose form says nothing."""
    hits = {hit.words for lexicon in (TICKET, ROBOT) for hit in lexicon.find(said)}
    if len(hits) < 2:
        return None
    return Authorship(author=ReplyAuthor.AUTO_REPLY, sub="ack",
                      reasons=tuple(f"says: {phrase}" for phrase in sorted(hits)[:3]))  # fmt: skip


def _machine(author: ReplyAuthor, sub: str | None, reason: str) -> Authorship:
    return Authorship(author=author, sub=sub, reasons=(reason,), certain=True)


def _structure(mail: Inbound) -> Authorship | None:
    if mail.feedback or mail.report == "feedback-report" or _is_loop(mail):
        kind = mail.feedback.get("feedback-type", "abuse").strip().lower()
        return _machine(ReplyAuthor.COMPLAINT, kind[:40], "a feedback report")
    if mail.report == "disposition-notification":
        return _machine(ReplyAuthor.AUTO_REPLY, "receipt", "a disposition notification")
    if mail.statuses or mail.report == "delivery-status":
        return _delivery(mail)
    if mail.header("x-failed-recipients"):
        return _machine(ReplyAuthor.BOUNCE, None, "header X-Failed-Recipients")
    if "text/calendar" in mail.kinds and "method=reply" in mail.header("content-type").lower():
        return _machine(ReplyAuthor.AUTO_REPLY, "calendar", "a calendar's answer")
    return None


def _delivery(mail: Inbound) -> Authorship:
    actions = {group.get("action", "").split(" ")[0].lower() for group in mail.statuses} - {""}
    if actions and actions <= {"delivered", "relayed", "expanded"}:
        return _machine(ReplyAuthor.AUTO_REPLY, "receipt", "a delivery status: delivered")
    return _machine(ReplyAuthor.BOUNCE, None, "a delivery status report")


def _is_loop(mail: Inbound) -> bool:
    """Feedback loops that are older than RFC 5965."""
    return (mail.from_email or "").startswith(("staff@hotmail.", "feedbackloop@", "fbl@")) or bool(
        mail.header("x-hmxmroriginalrecipient")
    )


def _bounce_by_words(mail: Inbound) -> Authorship | None:
    subject, text = mail.subject.lower(), mail.full_text[:8_000].lower()
    if subject.startswith(_REPLIES):
        return None
    titled = any(words in subject for words in SUBJECTS)
    bodied = any(words in text for words in BODIES)
    sender = _is_daemon(mail)
    if any(word in text[:2_000] for word in _VERIFIES):
        return None
    if sender and (titled or bodied):
        return _machine(ReplyAuthor.BOUNCE, None, "a mail system says that it did not deliver")
    null_path = mail.header("return-path").strip() == "<>"
    if titled and bodied and (null_path or not mail.in_reply_to):
        return _machine(ReplyAuthor.BOUNCE, None, "subject and text say that it was not delivered")
    return None


def _is_daemon(mail: Inbound) -> bool:
    local = (mail.from_email or "").partition("@")[0]
    name = mail.from_name.lower()
    raw = mail.header("from").lower()
    return (
        local.startswith(DAEMONS)
        or any(known in name for known in DAEMON_NAMES)
        or (not mail.from_email and any(known in raw for known in DAEMONS))
    )


def _header(mail: Inbound) -> str | None:
    """The header that only machines write, or None."""
    auto = mail.header("auto-submitted").partition(";")[0].strip().lower()
    if auto and auto != "no":
        return f"header Auto-Submitted: {auto[:40]}"
    for name in (
        "x-autoreply",
        "x-autorespond",
        "x-autoresponder",
        "x-auto-reply",
        "x-autogenerated",
        "x-auto-reply-from",
    ):
        if mail.header(name).strip().lower() not in {"", "no", "false"}:
            return f"header {name}"
    if mail.header("precedence").strip().lower() in {"auto_reply", "auto-reply"}:
        return "header Precedence: auto_reply"
    if mail.header("return-path").strip() == "<>":
        return "header Return-Path: <>"
    if "calendar-notification" in mail.header("sender").lower():
        return "header Sender: a calendar"
    return None


def _subject(mail: Inbound) -> str:
    """The subject in lower case when it begins as machines' do, else nothing."""
    subject = mail.subject.strip().lower()
    for tag in _TAGS:
        subject = subject.removeprefix(tag).strip()
    known = (*AUTO_SUBJECTS, *AWAY_SUBJECTS, *TICKET_SUBJECTS)
    return subject if subject.startswith(known) else ""


def _words(said: Sequence[Sentence]) -> Authorship | None:
    """What the words say if a machine wrote them."""
    table = ((LEFT, ReplyAuthor.AUTO_REPLY, "left_company"), (AWAY, ReplyAuthor.OUT_OF_OFFICE, "absence"),
             (TICKET, ReplyAuthor.AUTO_REPLY, "ticket"), (ROBOT, ReplyAuthor.AUTO_REPLY, "ack"))  # fmt: skip
    for lexicon, author, sub in table:
        if hit := lexicon.first(said):
            return Authorship(author=author, sub=sub, reasons=(f"says: {hit.words}",))
    return None
