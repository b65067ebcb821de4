"""What SMTP replies mean: codes of the standards, of Google and of Microsoft, and anything else."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.smtp_replies import Phase, refusal, status_of
from schemas.errors import RateLimited, Transient
from schemas.mails import Refused, RefusedWhat


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("5.1.1 <x@y>: unknown", "5.1.1"),
        ("5.7.515 Access denied", "5.7.515"),
        ("Denied (see 5.7.1.2)", None),
        ("blocked 192.5.7.1", None),
        ("no code", None),
        ("#5.1.10 RESOLVER.ADR.RecipientNotFound", "5.1.10"),
    ],
)
def test_the_enhanced_code_is_found_and_an_address_is_none(text: str, status: str | None) -> None:
    assert status_of(text) == status


@pytest.mark.parametrize("n", [25, 26, 27, 28, 29, 30, 515])
@pytest.mark.parametrize("phase", list(Phase))
def test_what_the_sender_s_domain_lacks_is_never_the_recipient_s_fault(
    n: int, phase: Phase
) -> None:
    error = refusal(phase, 550, f"5.7.{n} see our site")
    assert isinstance(error, Refused)
    assert error.what is RefusedWhat.MAILBOX


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("4.2.0 Greylisted, please try again in 300 seconds", timedelta(seconds=300)),
        ("4.7.0 Try again after 2 hours.", timedelta(hours=2)),
        ("Deferred for 10 min", timedelta(minutes=10)),
        ("try again in 900000 seconds", timedelta(hours=6)),
        ("4.4.2 try again later", None),
        ("retry in 3 months", None),
    ],
)
def test_a_hint_is_believed_within_reason(text: str, wait: timedelta | None) -> None:
    error = refusal(Phase.RECIPIENT, 450, text)
    assert isinstance(error, Transient)
    assert (error.retry_after if isinstance(error, RateLimited) else None) == wait


@given(st.sampled_from(Phase), st.integers(-1, 999), st.text(max_size=80))
def test_every_reply_has_a_meaning(phase: Phase, code: int, text: str) -> None:
    error = refusal(phase, code, text)
    assert isinstance(error, Refused) == (500 <= code < 600)
    assert isinstance(error, Refused | Transient)


@pytest.mark.parametrize(
    "text",
    [
        "5.7.1 <me@x.test>: Sender address rejected: not owned by user me",
        "5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied",
        "5.4.6 Unusual sending activity detected",
        "user has exceeded the max emails per hour",
        "5.7.1 sending rate exceeded",
        "Relay access denied",
    ],
)
def test_a_sender_s_fault_that_is_told_at_rcpt_is_not_the_recipient_s(text: str) -> None:
    error = refusal(Phase.RECIPIENT, 550, text)
    assert isinstance(error, Refused)
    assert error.what is RefusedWhat.MAILBOX


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("5.1.1 <bob@x.test>: Recipient address rejected: User unknown", RefusedWhat.RECIPIENT),
        ("5.2.2 mailbox full, quota exceeded", RefusedWhat.RECIPIENT),
        ("No such user here", RefusedWhat.RECIPIENT),
        ("5.7.1 Message rejected by policy", RefusedWhat.MESSAGE),
    ],
)
def test_what_is_the_recipient_s_stays_so_and_a_policy_blames_no_address(
    text: str, what: RefusedWhat
) -> None:
    error = refusal(Phase.RECIPIENT, 550, text)
    assert isinstance(error, Refused)
    assert error.what is what
