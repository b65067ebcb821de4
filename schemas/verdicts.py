"""What a reply means for a sequence, as a table: stop, pause, go on, or ask a person. Pure."""

from datetime import date

from schemas.base import Value
from schemas.enums import LeadStatus, ReplyAuthor, ReplyDecision, ReplyIntent, StopReason
from schemas.machines import HARMLESS_REPORTS

_REPLIED = (LeadStatus.REPLIED,)
_STOPS: dict[ReplyIntent, tuple[StopReason, tuple[LeadStatus, ...], str]] = {
    ReplyIntent.UNSUBSCRIBE: (
        StopReason.UNSUBSCRIBED, (LeadStatus.UNSUBSCRIBED,), "asks not to be written to"),
    ReplyIntent.MEETING_REQUEST: (
        StopReason.REPLIED, (LeadStatus.REPLIED, LeadStatus.QUALIFIED), "wants to meet"),
    ReplyIntent.INTERESTED: (
        StopReason.REPLIED, (LeadStatus.REPLIED, LeadStatus.QUALIFIED), "is interested"),
    ReplyIntent.QUESTION: (StopReason.REPLIED, _REPLIED, "asks something"),
    ReplyIntent.NOT_INTERESTED: (StopReason.REPLIED, (LeadStatus.LOST,), "is not interested"),
    ReplyIntent.REFERRAL: (StopReason.REPLIED, _REPLIED, "names somebody else"),
    ReplyIntent.WRONG_PERSON: (StopReason.REPLIED, _REPLIED, "is the wrong person"),
    ReplyIntent.OTHER: (StopReason.REPLIED, _REPLIED, "answered"),
}  # fmt: skip


class Verdict(Value):
    """What to do about a sequence, where the lead moves, step by step, and why."""

    decision: ReplyDecision
    because: str
    stop_reason: StopReason | None = None
    lead_path: tuple[LeadStatus, ...] = ()
    returns: date | None = None


def decide(
    author: ReplyAuthor,
    intent: ReplyIntent,
    sub: str | None,
    *,
    abstain: bool,
    return_date: date | None,
) -> Verdict:
    """The verdict on one mail. `sub`: hard or soft for a bounce, left_company for an auto-reply.

    Somebody who may have asked to be left alone is left alone, however unsure the reading was;
    anything else that was not understood is a person's to decide.
    """
    if author is ReplyAuthor.COMPLAINT and sub not in HARMLESS_REPORTS:
        return _stop(StopReason.COMPLAINED, (LeadStatus.UNSUBSCRIBED,), "the mail was reported as spam")  # fmt: skip
    if author is ReplyAuthor.HUMAN and intent is ReplyIntent.UNSUBSCRIBE:
        return _stop(*_STOPS[intent])
    if abstain:
        return Verdict(decision=ReplyDecision.REVIEW, because="what it says is not certain")
    if author is ReplyAuthor.HUMAN:
        return _human(intent, return_date)
    return _machine(author, sub, return_date)


def _human(intent: ReplyIntent, return_date: date | None) -> Verdict:
    if intent is ReplyIntent.OUT_OF_OFFICE:  # written by hand, and still an absence
        return _absent(return_date)
    return _stop(*_STOPS.get(intent, _STOPS[ReplyIntent.OTHER]))


def _machine(author: ReplyAuthor, sub: str | None, return_date: date | None) -> Verdict:
    if author is ReplyAuthor.OUT_OF_OFFICE:
        return _absent(return_date)
    if author is ReplyAuthor.BOUNCE and sub == "hard":
        return _stop(StopReason.BOUNCED, (LeadStatus.BOUNCED,), "the address takes no mail")
    if author is ReplyAuthor.BOUNCE:
        return Verdict(decision=ReplyDecision.RELEASE, because="the failure is passing")
    if sub == "left_company":
        return _stop(StopReason.REPLIED, (LeadStatus.LOST,), "has left the company")
    return Verdict(decision=ReplyDecision.RELEASE, because="a machine answered")


def _absent(return_date: date | None) -> Verdict:
    said = f"away until {return_date}" if return_date else "away, without a date"
    return Verdict(decision=ReplyDecision.PAUSE, because=said, returns=return_date)


def _stop(reason: StopReason, path: tuple[LeadStatus, ...], because: str) -> Verdict:
    return Verdict(decision=ReplyDecision.STOP, because=because, stop_reason=reason, lead_path=path)
