"""One mail in, one verdict out: who wrote it, what it asks for, and how sure the rules are. Pure.

Total: any mail has a verdict. The classifier's name changes whenever its answers do, so that old
verdicts can be told from new ones.
"""

from datetime import date

from schemas import absences, bounces, intents, machines
from schemas.base import Value
from schemas.bounces import Bounce
from schemas.enums import ReplyAuthor, ReplyIntent
from schemas.inbound import Inbound, addresses
from schemas.intents import Reading
from schemas.languages import language
from schemas.machines import Authorship
from schemas.phrases import Sentence, sentences

CLASSIFIER = "rules-1"
_MACHINES = {ReplyAuthor.OUT_OF_OFFICE: ReplyIntent.OUT_OF_OFFICE, ReplyAuthor.AUTO_REPLY: ReplyIntent.AUTO_REPLY,
             ReplyAuthor.BOUNCE: ReplyIntent.BOUNCE, ReplyAuthor.COMPLAINT: ReplyIntent.UNSUBSCRIBE}  # fmt: skip


class Labelled(Value):
    """One of the things that a mail says."""

    label: ReplyIntent
    confidence: float


class Referral(Value):
    """Somebody else to talk to, as far as the mail names them."""

    name: str | None = None
    email: str | None = None


class Verdict(Value):
    """How a mail was understood. `abstain`: a person looks before anything is sent."""

    author: ReplyAuthor
    intent: ReplyIntent
    intents: tuple[Labelled, ...]
    confidence: float
    abstain: bool
    reply_text: str
    language: str | None
    return_date: date | None = None
    referral: Referral | None = None
    bounce: Bounce | None = None
    reasons: tuple[str, ...] = ()
    sub: str | None = None
    defer_until: date | None = None


def classify(mail: Inbound) -> Verdict:
    """The verdict on one mail, by rules. Never raises; the same mail has the same verdict."""
    said = sentences(mail.text)
    spoken = language(said)
    if intents.names_our_way_out(mail):  # whatever a mail client wrote around it
        return _human(mail, intents.read(mail, said, spoken), spoken, reasons=())
    who = machines.authorship(mail, said)
    if who.author is ReplyAuthor.HUMAN:
        return _human(mail, intents.read(mail, said, spoken), spoken, reasons=())
    if _speaks(mail, said, who):
        reading = intents.read(mail, said, spoken).model_copy(update={"abstain": True})
        return _human(mail, reading, spoken, reasons=who.reasons)
    return _machine(mail, who, spoken)


def _speaks(mail: Inbound, said: list[Sentence], who: Authorship) -> bool:
    """Whether a machine's header stands over a person's wish to be left alone: ticket systems do that."""
    plain = who.author is ReplyAuthor.AUTO_REPLY and who.sub is None
    return plain and intents.wants_out(mail, said) is not None


def _human(
    mail: Inbound, reading: Reading, spoken: str | None, *, reasons: tuple[str, ...]
) -> Verdict:
    best = reading.intents[0]
    absent = best.label is ReplyIntent.OUT_OF_OFFICE
    named = reading.contact or reading.name
    return Verdict(
        author=ReplyAuthor.HUMAN,
        intent=best.label,
        intents=tuple(
            Labelled(label=one.label, confidence=one.confidence) for one in reading.intents
        ),
        confidence=best.confidence,
        abstain=reading.abstain,
        reply_text=mail.text,
        language=spoken,
        return_date=absences.return_date(mail) if absent else None,
        referral=Referral(name=reading.name, email=reading.contact) if named else None,
        reasons=(*reasons, *(f"{one.label}: {one.reason}" for one in reading.intents)),
        sub=reading.sub,
        defer_until=reading.defer_until,
    )


def _machine(mail: Inbound, who: Authorship, spoken: str | None) -> Verdict:
    bounce = bounces.read(mail) if who.author is ReplyAuthor.BOUNCE else None
    intent, confidence = _MACHINES[who.author], 0.97 if who.certain else 0.85
    absent = who.author is ReplyAuthor.OUT_OF_OFFICE
    delegate = _delegate(mail) if absent or who.author is ReplyAuthor.AUTO_REPLY else None
    return Verdict(
        author=who.author,
        intent=intent,
        intents=(Labelled(label=intent, confidence=confidence),),
        confidence=confidence,
        abstain=False,
        reply_text=mail.text,
        language=spoken,
        return_date=absences.return_date(mail) if absent else None,
        referral=Referral(email=delegate) if delegate else None,
        bounce=bounce,
        reasons=who.reasons,
        sub=_bounced(bounce) if bounce else who.sub,
    )


def _delegate(mail: Inbound) -> str | None:
    known = {mail.from_email, *mail.to}
    return next((found for found in addresses(mail.text[:20_000]) if found not in known), None)


def _bounced(bounce: Bounce) -> str:
    if bounce.action == "delayed":
        return "delayed"
    return "policy" if bounce.ours else bounce.kind
