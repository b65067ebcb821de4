"""What a person asks for in a mail, by rules and in many languages; says so when it is not sure.

A wish to be left alone beats everything else that is said. Refuses to read a yes where a no stands
in front of it.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date

from schemas import dates
from schemas.base import Value
from schemas.enums import ReplyIntent
from schemas.inbound import Inbound, addresses
from schemas.intent_words import (
    HANDED_ON,
    INTERESTED,
    NEGATIONS,
    REFERRAL,
    SOURCE,
    THANKS,
    WRONG,
)
from schemas.later_words import LATER
from schemas.machine_words import BARE_AWAY
from schemas.meeting_words import MEETING
from schemas.phrases import Hit, Lexicon, Sentence, fold
from schemas.refusal_words import ERASE, LEGAL, NO, UNSUBSCRIBE

_ASIAN = (
    "配信停止",
    "配信を停止",
    "送らないで",
    "登録を解除",
    "登録解除",
    "メールを停止",
    "退订",
    "取消订阅",
    "수신거부",
)
_NAMED = re.compile(r"\b([A-Z][a-zà-ÿ]{1,20}(?: [A-Z][a-zà-ÿ'-]{1,25}){0,2})\b")
_TOKEN = re.compile(r"unsubscribe-[a-z0-9_-]{8,128}")
_QUARTER = re.compile(r"\bq([1-4])\b|\b([1-4])\. quartal")
_SEASONS = {"summer": 9, "autumn": 9, "fall": 9, "spring": 3, "sommer": 9, "herbst": 9, "fruhjahr": 3,
            "ete": 9, "rentree": 9, "automne": 9, "verano": 9, "otono": 9, "estate": 9, "autunno": 9,
            "najaar": 9, "zomer": 9, "voorjaar": 3, "verao": 9, "host": 9, "hosten": 9, "sommaren": 9}  # fmt: skip
_NEXT_YEAR = ("next year", "new year", "nachstes jahr", "nachsten jahr", "kommendes jahr", "annee prochaine", "prochaine annee",
              "proximo ano", "ano que viene", "ano que vem", "anno prossimo", "prossimo anno", "volgend jaar", "nasta ar")  # fmt: skip
_NEXT_QUARTER = ("next quarter", "nachsten quartal", "nachstes quartal", "prochain trimestre", "trimestre prochain",
                 "proximo trimestre", "prossimo trimestre", "volgend kwartaal", "nasta kvartal")  # fmt: skip


class Intent(Value):
    """One thing that a mail says, how sure the rules are (0 to 1), and the words that say it."""

    label: ReplyIntent
    confidence: float
    reason: str


class Reading(Value):
    """What a person says: the most important first. `abstain`: a person should look."""

    intents: tuple[Intent, ...]
    sub: str | None = None
    abstain: bool = False
    defer_until: date | None = None
    contact: str | None = None
    name: str | None = None


def names_our_way_out(mail: Inbound) -> bool:
    """Whether the subject has the token of our own List-Unsubscribe (RFC 2369, mailto)."""
    return _TOKEN.search(fold(mail.subject)) is not None


def wants_out(mail: Inbound, said: Sequence[Sentence]) -> str | None:
    """The words with which somebody asks to be left alone, or None."""
    if names_our_way_out(mail):
        return "subject: the way out of our own mail"
    if hit := UNSUBSCRIBE.first(said):
        return hit.words
    if found := next((word for word in _ASIAN if word in mail.text), None):
        return found
    subject = fold(mail.subject).strip()
    bare = not mail.text.strip() or len(mail.text) < 20
    if subject.startswith("unsubscribe") and bare:
        return "subject: unsubscribe"
    return None


def read(mail: Inbound, said: Sequence[Sentence], language: str | None) -> Reading:
    """What the newest text of a person's mail says. Never raises; total."""
    if out := wants_out(mail, said):
        legal = LEGAL.first(said)
        sub = "legal" if legal else "erase" if ERASE.first(said) else "plain"
        return Reading(intents=(Intent(label=ReplyIntent.UNSUBSCRIBE, confidence=0.97, reason=out),), sub=sub)  # fmt: skip
    if not said:
        return _single(ReplyIntent.OTHER, 0.9, "the text is empty", sub="empty")
    found = _found(mail, said)
    away = BARE_AWAY.first(said)
    if away and not found.keys() & {ReplyIntent.INTERESTED, ReplyIntent.NOT_INTERESTED, ReplyIntent.REFERRAL} and len(said) <= 6:  # fmt: skip
        return _single(ReplyIntent.OUT_OF_OFFICE, 0.8, away.words, sub="absence")
    if not found:
        return _nothing(said, language)
    return _weighed(mail, said, found, language)


def _single(
    label: ReplyIntent,
    confidence: float,
    reason: str,
    *,
    sub: str | None = None,
    abstain: bool = False,
) -> Reading:
    intent = Intent(label=label, confidence=confidence, reason=reason)
    return Reading(intents=(intent,), sub=sub, abstain=abstain)


def _nothing(said: Sequence[Sentence], language: str | None) -> Reading:
    words = sum(len(sentence.words) for sentence in said)
    if THANKS.first(said) and words <= 8:
        return _single(ReplyIntent.OTHER, 0.9, "only thanks", sub="thanks")
    why = "no rule speaks" if language else "no rule speaks, and the language is not known"
    return _single(ReplyIntent.OTHER, 0.3, why, abstain=True)


def _found(mail: Inbound, said: Sequence[Sentence]) -> dict[ReplyIntent, Hit]:
    refused = NO.first(said)
    found = {
        ReplyIntent.MEETING_REQUEST: _affirmed(MEETING, said),
        ReplyIntent.INTERESTED: _affirmed(INTERESTED, said),
        ReplyIntent.NOT_INTERESTED: refused or LATER.first(said),
        ReplyIntent.WRONG_PERSON: WRONG.first(said),
        ReplyIntent.REFERRAL: _referral(mail, said),
        ReplyIntent.QUESTION: _question(said),
    }
    return {label: hit for label, hit in found.items() if hit}


def _affirmed(lexicon: Lexicon, said: Sequence[Sentence]) -> Hit | None:
    """The first hit that no negation stands before."""
    for hit in lexicon.find(said):
        words = said[hit.sentence].words
        if not NEGATIONS.intersection(words[max(0, hit.start - 3) : hit.end]):
            return hit
    return None


def _question(said: Sequence[Sentence]) -> Hit | None:
    for number, sentence in enumerate(said):
        if sentence.asks:
            return Hit("?", number, 0, len(sentence.words))
    return SOURCE.first(said)


def _referral(mail: Inbound, said: Sequence[Sentence]) -> Hit | None:
    if hit := HANDED_ON.first(said):
        return None if _negated(said, hit, after=3) else hit
    for hit in REFERRAL.find(said):
        named = _contact(mail) or _named(said[hit.sentence].text)
        if named and not _negated(said, hit):
            return hit
    return None


def _negated(said: Sequence[Sentence], hit: Hit, *, after: int = 0) -> bool:
    words = said[hit.sentence].words
    end = hit.end + after if after else hit.start + 1
    return bool(NEGATIONS.intersection(words[max(0, hit.start - 2) : end]))


def _contact(mail: Inbound) -> str | None:
    """The first address in the newest text that is neither the writer's nor ours."""
    known = {mail.from_email, *mail.to}
    return next((found for found in addresses(mail.text[:20_000]) if found not in known), None)


def _named(text: str) -> str | None:
    """A name in the middle of a sentence; its first word is a capital for another reason."""
    for match in _NAMED.finditer(text[:500]):
        if match.start() > 0 and fold(match[1].split()[0]) not in {
            *dates.WEEKDAYS,
            *dates.MONTHS,
            "i",
        }:
            return match[1]
    return None


def _weighed(
    mail: Inbound, said: Sequence[Sentence], found: dict[ReplyIntent, Hit], language: str | None
) -> Reading:
    labels = set(found)
    refusal = ReplyIntent.NOT_INTERESTED in labels
    hot = labels & {ReplyIntent.MEETING_REQUEST, ReplyIntent.INTERESTED}
    best = _best(labels)
    asks = ReplyIntent.QUESTION in labels
    torn = (refusal and (bool(hot) or asks)) or (ReplyIntent.WRONG_PERSON in labels and bool(hot))
    intents = [Intent(label=best, confidence=0.6 if torn else 0.85, reason=found[best].words)]
    intents += [Intent(label=label, confidence=0.4, reason=hit.words)
                for label, hit in found.items() if label is not best]  # fmt: skip
    contact = _contact(mail) if best is ReplyIntent.REFERRAL else None
    later = best is ReplyIntent.NOT_INTERESTED and LATER.first(said) is not None
    return Reading(
        intents=tuple(intents),
        sub=_sub(best, said, later=later),
        abstain=torn or language is None,
        defer_until=_deferred(mail, said) if later else None,
        contact=contact,
        name=_named(said[found[best].sentence].text) if best is ReplyIntent.REFERRAL else None,
    )


def _best(labels: Iterable[ReplyIntent]) -> ReplyIntent:
    """What counts when a mail says several things: a no first, then the guide's order."""
    present = set(labels)
    order = [ReplyIntent.REFERRAL, ReplyIntent.WRONG_PERSON, ReplyIntent.NOT_INTERESTED,
             ReplyIntent.MEETING_REQUEST, ReplyIntent.QUESTION, ReplyIntent.INTERESTED]  # fmt: skip
    if ReplyIntent.MEETING_REQUEST in present and ReplyIntent.REFERRAL in present:
        order.remove(ReplyIntent.MEETING_REQUEST)
        order.insert(0, ReplyIntent.MEETING_REQUEST)
    return next(label for label in order if label in present)


def _sub(best: ReplyIntent, said: Sequence[Sentence], *, later: bool) -> str | None:
    if best is ReplyIntent.NOT_INTERESTED:
        return "not_now" if later else "hard"
    if best is ReplyIntent.QUESTION and SOURCE.first(said):
        return "data_source"
    return None


def _deferred(mail: Inbound, said: Sequence[Sentence]) -> date | None:
    """The first day of the time that somebody names for another try."""
    if mail.date is None:
        return None
    today = mail.date.date()
    text = fold(" ".join(sentence.text for sentence in said))[:4_000]
    if any(words in text for words in _NEXT_YEAR):
        return date(today.year + 1, 1, 1)
    if any(words in text for words in _NEXT_QUARTER):
        return _month(today, (today.month - 1) // 3 * 3 + 4)
    if match := _QUARTER.search(text):
        return _month(today, 3 * int(match[1] or match[2]) - 2)
    words = [word.strip(".,;:!?") for word in text.split()]
    for word in words:
        if word in _SEASONS or (word in dates.MONTHS and len(word) > 3):
            return _month(today, _SEASONS.get(word) or dates.MONTHS[word])
    return next(
        (one.day for one in dates.find(dates.words_of(text), today) if one.day > today), None
    )


def _month(today: date, month: int) -> date:
    """The first of that month, the next time it comes; months beyond December are next year's."""
    ahead = month if month > today.month else month + 12
    return date(today.year + (ahead - 1) // 12, (ahead - 1) % 12 + 1, 1)
