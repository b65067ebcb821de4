"""The table of verdicts: whole, careful with people, and never stopped by a machine's small talk."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from schemas.enums import LeadStatus, ReplyAuthor, ReplyDecision, ReplyIntent, StopReason
from schemas.lead_states import may_move
from schemas.verdicts import Verdict, decide

ASKED = {
    "author": st.sampled_from(ReplyAuthor),
    "intent": st.sampled_from(ReplyIntent),
    "sub": st.sampled_from([None, "hard", "soft", "not_now", "left_company", "anything"]),
    "abstain": st.booleans(),
    "return_date": st.none() | st.dates(),
}


def verdict(
    author: ReplyAuthor, intent: ReplyIntent, sub: str | None = None, *, abstain: bool = False,
    return_date: date | None = None,
) -> Verdict:  # fmt: skip
    return decide(author, intent, sub, abstain=abstain, return_date=return_date)


@given(**ASKED)
def test_every_reply_has_a_verdict_with_a_reason(
    author: ReplyAuthor,
    intent: ReplyIntent,
    sub: str | None,
    abstain: bool,
    return_date: date | None,
) -> None:
    found = verdict(author, intent, sub, abstain=abstain, return_date=return_date)
    assert found.because
    assert (found.decision is ReplyDecision.STOP) == (found.stop_reason is not None)
    assert found.decision is not ReplyDecision.NONE


@given(**ASKED)
def test_a_person_is_never_sent_more_without_a_person_deciding(
    author: ReplyAuthor,
    intent: ReplyIntent,
    sub: str | None,
    abstain: bool,
    return_date: date | None,
) -> None:
    found = verdict(author, intent, sub, abstain=abstain, return_date=return_date)
    if author is ReplyAuthor.HUMAN:
        assert found.decision is not ReplyDecision.RELEASE
    if author is ReplyAuthor.HUMAN and intent is ReplyIntent.UNSUBSCRIBE:
        assert found.stop_reason is StopReason.UNSUBSCRIBED


@given(**ASKED)
def test_a_lead_in_a_sequence_can_walk_the_whole_path(
    author: ReplyAuthor,
    intent: ReplyIntent,
    sub: str | None,
    abstain: bool,
    return_date: date | None,
) -> None:
    here = LeadStatus.CONTACTED
    found = verdict(author, intent, sub, abstain=abstain, return_date=return_date)
    for status in found.lead_path:
        assert may_move(here, status)
        here = status


def test_a_machine_that_abstains_is_looked_at_and_not_trusted() -> None:
    assert verdict(ReplyAuthor.AUTO_REPLY, ReplyIntent.AUTO_REPLY, abstain=True).decision is (
        ReplyDecision.REVIEW)  # fmt: skip
    assert verdict(ReplyAuthor.AUTO_REPLY, ReplyIntent.AUTO_REPLY, "left_company").lead_path == (
        LeadStatus.LOST,)  # fmt: skip
