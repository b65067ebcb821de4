"""The verdict on the way out and back: mails, answers and ends, by the mail server's archive alone.

What each prospect was going to do is the truth; the fleet's tables are what is judged.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from db import outcomes, quiet
from db.outcomes import Ended, Outgoing, Understood
from providers.standins.prospects import Kind, Truth, habit
from schemas.enums import EnrollmentStatus, LeadStatus, MessageStatus
from scripts.demo.check import Check
from scripts.demo.prospects import Answered
from scripts.demo.stage import Stage

_LAST_STEP = 3
_GO_ON = {Kind.SILENT, Kind.ABSENT, Kind.TICKET, Kind.OWN_COPY}
_BECOMES: dict[Kind, LeadStatus] = {
    Kind.SILENT: LeadStatus.CONTACTED, Kind.ABSENT: LeadStatus.CONTACTED,
    Kind.TICKET: LeadStatus.CONTACTED, Kind.OWN_COPY: LeadStatus.CONTACTED,
    Kind.INTERESTED: LeadStatus.QUALIFIED, Kind.MEETING: LeadStatus.QUALIFIED,
    Kind.COLLEAGUE: LeadStatus.QUALIFIED, Kind.QUESTION: LeadStatus.REPLIED,
    Kind.NOT_INTERESTED: LeadStatus.LOST, Kind.NOT_NOW: LeadStatus.LOST,
    Kind.UNSUBSCRIBE: LeadStatus.UNSUBSCRIBED, Kind.ONE_CLICK: LeadStatus.UNSUBSCRIBED,
    Kind.COMPLAINT: LeadStatus.UNSUBSCRIBED, Kind.REFUSED: LeadStatus.BOUNCED,
    Kind.BOUNCE: LeadStatus.BOUNCED,
}  # fmt: skip
_OVER = {EnrollmentStatus.COMPLETED, EnrollmentStatus.STOPPED}
_ARCHIVE = "the mail server's archive"
_MINDS = "the prospects' own minds"


@dataclass(frozen=True, slots=True)
class _Books:
    """Our tables, at the end."""

    outgoing: list[Outgoing]
    understood: list[Understood]
    ended: list[Ended]
    mails: int


def becomes(address: str, seed: int) -> LeadStatus:
    """Where somebody stands after the play whom a campaign wrote to."""
    return _BECOMES[habit(address, seed).kind]


def check_mails(stage: Stage, reachable: Collection[str]) -> list[Check]:
    """Everything from the first enrollment to the last mail; `reachable`: who may be written to."""
    with stage.database.tenant(stage.tenant_id) as tx:
        books = _Books(outcomes.list_outgoing(tx), outcomes.list_understood(tx),
                       outcomes.list_ended(tx), quiet.look(tx).mails)  # fmt: skip
    return [
        *_sequences(stage, books, reachable),
        *_sent(stage, books, reachable),
        *_answers(stage, books),
    ]


def _sequences(stage: Stage, books: _Books, reachable: Collection[str]) -> list[Check]:
    enrolled = {one.email.lower() for one in books.ended}
    over = sum(one.status in _OVER for one in books.ended)
    right = sum(one.lead_status is becomes(one.email, stage.seed) for one in books.ended)
    return [
        Check("leads enrolled", len(enrolled & set(reachable)), len(reachable), "computed from the CSV"),
        Check("sequences that came to an end", over, len(books.ended), "every one began"),
        Check("leads where their person left them", right, len(books.ended), _MINDS),
    ]  # fmt: skip


def _sent(stage: Stage, books: _Books, reachable: Collection[str]) -> list[Check]:
    taken = [one.mail for one in stage.crowd.arrived]
    names = {mail.message_id for mail in taken}
    steps = {(mail.recipient.lower(), mail.step) for mail in taken}
    known = {o.rfc_message_id for o in books.outgoing if o.status is MessageStatus.SENT}
    wanted = sum(_mails_for(address, stage.seed) for address in reachable)
    return [
        Check("mails taken", len(taken), wanted, _MINDS),
        Check("mails taken twice", len(taken) - len(steps), 0, _ARCHIVE),
        Check("mails we know as sent", len(known & names), len(names), _ARCHIVE),
        Check("mails we only believe sent", len(known - names), 0, _ARCHIVE),
        Check("mails after an end", _after_the_end(stage), 0, _ARCHIVE),
        Check("mails during an absence", _disturbed(stage), 0, _ARCHIVE),
    ]


def _mails_for(address: str, seed: int) -> int:
    """How many mails a person gets by what they are going to do."""
    how = habit(address, seed)
    if how.kind is Kind.REFUSED:
        return 0
    return _LAST_STEP if how.kind in _GO_ON else how.step


def _after_the_end(stage: Stage) -> int:
    """Mails that the server took for somebody after it had taken their answer that ends it."""
    ended = {
        one.to.recipient.lower(): one.after
        for one in stage.crowd.answered
        if one.answer.kind not in _GO_ON
    }
    return sum(
        one.number > ended.get(one.mail.recipient.lower(), one.number)
        for one in stage.crowd.arrived
    )


def _disturbed(stage: Stage) -> int:
    back: dict[str, tuple[int, date]] = {
        one.to.recipient.lower(): (one.after, one.truth.returns)
        for one in stage.crowd.answered
        if one.truth and one.truth.returns
    }
    return sum(
        one.number > back[who][0] and one.mail.sent_at.date() < back[who][1]
        for one in stage.crowd.arrived
        if (who := one.mail.recipient.lower()) in back
    )


def _answers(stage: Stage, books: _Books) -> list[Check]:
    given: dict[str, Answered] = {
        one.to.recipient.lower(): one for one in stage.crowd.answered if one.truth
    }
    found: defaultdict[str, list[Understood]] = defaultdict(list)
    for one in books.understood:
        found[(one.email or "").lower()].append(one)
    pairs = [(one.truth, found[who]) for who, one in given.items() if one.truth]
    return [
        Check("answers stored", books.mails, stage.crowd.mails_sent, "the prospects' letters"),
        Check("answers understood, once each", len(books.understood), len(given), _MINDS),
        Check("authors right", sum(_same_author(truth, read) for truth, read in pairs), len(pairs), _MINDS),
        Check("intents right", sum(_same_intent(truth, read) for truth, read in pairs), len(pairs), _MINDS),
        Check("dates of return right", sum(_same_date(truth, read) for truth, read in pairs), len(pairs), _MINDS),
        Check("decisions right", sum(_same_decision(truth, read) for truth, read in pairs), len(pairs), _MINDS),
    ]  # fmt: skip


def _same_author(truth: Truth, read: list[Understood]) -> bool:
    return [one.author for one in read] == [truth.author]


def _same_intent(truth: Truth, read: list[Understood]) -> bool:
    return len(read) == 1 and truth.intent in {None, read[0].intent}


def _same_date(truth: Truth, read: list[Understood]) -> bool:
    return len(read) == 1 and truth.returns in {None, read[0].return_date}


def _same_decision(truth: Truth, read: list[Understood]) -> bool:
    return [one.decision for one in read] == [truth.decision]


def count_intents(read: list[Understood]) -> dict[str, int]:
    """Answers by what they were understood to be, the most frequent first."""
    return dict(Counter(one.intent.value for one in read).most_common())
