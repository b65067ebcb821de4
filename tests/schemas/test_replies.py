"""One verdict per mail: the sentences that others get wrong, every kind of machine, eight languages."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.standins.prospect_words import VOICES
from schemas import inbound
from schemas.enums import ReplyAuthor, ReplyIntent
from schemas.inbound import Inbound
from schemas.machines import certainly_machine
from schemas.replies import Verdict, classify

OURS = "sales@acme.test"
FOOTER = """
On Mon, 23 Nov 2026 at 09:02, Ada <sales@acme.test> wrote:

> Hello, are you interested? Could we have a call on Tuesday at 10?
> Reply "unsubscribe" and I will take you off the list.
"""
HUMAN, AWAY, MACHINE = ReplyAuthor.HUMAN, ReplyAuthor.OUT_OF_OFFICE, ReplyAuthor.AUTO_REPLY
MEETING, YES, NO, ASKS, OUT, OTHER = (
    ReplyIntent.MEETING_REQUEST, ReplyIntent.INTERESTED, ReplyIntent.NOT_INTERESTED,
    ReplyIntent.QUESTION, ReplyIntent.UNSUBSCRIBE, ReplyIntent.OTHER)  # fmt: skip
HOT = {MEETING, YES, ASKS, ReplyIntent.REFERRAL}


def mail(text: str, *, subject: str = "Re: Hello", **headers: str) -> Inbound:
    told = {"From": "Bob Ray <bob@example.test>", "To": OURS, "Date": "Mon, 23 Nov 2026 10:00:00 +0100",
            "In-Reply-To": "<1@acme.test>"}  # fmt: skip
    return inbound.from_fields(
        subject, told | {k.replace("_", "-"): v for k, v in headers.items()}, text
    )


def verdict(text: str, *, subject: str = "Re: Hello", **headers: str) -> Verdict:
    return classify(mail(text, subject=subject, **headers))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Not interested, thanks.", NO),
        ("I'm no longer interested", NO),
        ("Sounds good but no thanks", NO),
        ("Happy to talk, stop by our booth", MEETING),
        ("can't stop thinking about this. Call me", MEETING),
        ("non-stop travel, Monday works", MEETING),
        ("We are a team of 550 people, tell me more", YES),
        ("Sounds good!" + FOOTER, YES),
        ("I'm off until Monday 24 November", ReplyIntent.OUT_OF_OFFICE),
        ("Please take me off your list", OUT),
        ("Stop", OUT),
        ("Not interested. Remove me.", OUT),
        ("Unsubscribe" + FOOTER, OUT),
    ],
)  # fmt: skip
def test_the_sentences_that_others_get_wrong(text: str, intent: ReplyIntent) -> None:
    found = verdict(text)
    assert (found.author, found.intent) == (HUMAN, intent), found.reasons


SPOKEN = [
    (language, kind, text)
    for language, voice in VOICES.items()
    for kind in ("interested", "question", "meeting", "not_interested", "not_now", "unsubscribe")
    for text in getattr(voice, kind)
]
EXPECTED = {"interested": YES, "question": ASKS, "meeting": MEETING, "not_interested": NO,
            "not_now": NO, "unsubscribe": OUT}  # fmt: skip


@pytest.mark.parametrize(("language", "kind", "text"), SPOKEN)
def test_people_are_understood_in_eight_languages(language: str, kind: str, text: str) -> None:
    found = verdict(f"{text}\n\n{VOICES[language].regards}\nBob{FOOTER}")
    assert (found.author, found.intent) == (HUMAN, EXPECTED[kind]), found.reasons
    assert found.language == language
    if kind == "not_now":
        assert found.sub == "not_now"


@pytest.mark.parametrize("language", VOICES)
def test_an_absence_is_an_absence_with_its_date_in_eight_languages(language: str) -> None:
    voice = VOICES[language]
    day = voice.day.format(d=11, month=voice.months.split()[11], y=2026)
    for text in voice.absent:
        found = verdict(text.format(day=day), subject=voice.absent_subject.format(subject="Hello"),
                        Auto_Submitted="auto-replied")  # fmt: skip
        assert (found.author, found.intent) == (AWAY, ReplyIntent.OUT_OF_OFFICE), found.reasons
        assert found.return_date == date(2026, 12, 11)


@pytest.mark.parametrize("language", VOICES)
def test_a_ticket_is_a_machine_with_or_without_its_header(language: str) -> None:
    voice = VOICES[language]
    for headers in ({"Auto_Submitted": "auto-generated"}, {}):
        found = verdict(
            voice.ticket.format(n=77), subject=voice.ticket_subject.format(n=77), **headers
        )
        assert (found.author, found.intent) == (MACHINE, ReplyIntent.AUTO_REPLY), found.reasons


@pytest.mark.parametrize(
    ("headers", "certain"),
    [
        ({"Auto_Submitted": "auto-replied"}, True),
        ({"Auto_Submitted": "AUTO-GENERATED; owner"}, True),
        ({"Return_Path": "<>"}, True),
        ({"X_Autoreply": "yes"}, True),
        ({"X_Failed_Recipients": "bob@example.test"}, True),
        ({"Auto_Submitted": "no"}, False),
        ({"Precedence": "bulk"}, False),
        ({"Precedence": "list", "List_Id": "<x.example.test>"}, False),
        ({"X_Auto_Response_Suppress": "All"}, False),
        ({"X_Autoreply": "no"}, False),
    ],
)
def test_only_headers_that_no_person_sends_make_a_machine_certain(
    headers: dict[str, str], certain: bool
) -> None:
    assert certainly_machine(mail("Sounds good, tell me more.", **headers)) is certain
    if not certain:
        assert verdict("Sounds good, tell me more.", **headers).author is HUMAN


def test_the_words_of_a_machine_do_not_make_it_certain() -> None:
    assert not certainly_machine(mail("I am out of office.", subject="Automatic reply: Hello"))


def test_a_wish_to_be_left_alone_counts_under_the_header_of_a_ticket_system_too() -> None:
    found = verdict("Please remove me from your list.", Auto_Submitted="auto-generated")
    assert (found.author, found.intent, found.abstain) == (HUMAN, OUT, True)


def test_an_empty_mail_with_the_subject_of_the_mailto_is_an_unsubscribe() -> None:
    assert verdict("", subject="unsubscribe").intent is OUT
    token = verdict(
        "Sent by my mail program, which adds a line to everything",
        subject="unsubscribe-abcDEF123_-x",
    )
    assert token.intent is OUT
    assert verdict("", subject="Re: how to unsubscribe from things").intent is OTHER


def test_what_no_rule_understands_goes_to_a_person() -> None:
    for text in ("hm", "Lorem ipsum dolor sit amet", "これは何ですか", "Мы подумаем"):
        found = verdict(text)
        assert (found.intent, found.abstain) == (OTHER, True), (text, found.reasons)


def test_a_yes_and_a_no_in_one_mail_go_to_a_person() -> None:
    found = verdict("This looks interesting, tell me more. But we have no budget.")
    assert found.intent is NO
    assert found.abstain


def test_a_referral_names_whom_and_never_the_writer_or_us() -> None:
    found = verdict(
        f"Please contact Dana Whit, dana@example.test. Bob, bob@example.test, cc {OURS}"
    )
    assert found.intent is ReplyIntent.REFERRAL
    assert found.referral
    assert found.referral.email == "dana@example.test"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Not right now, try again in October.", date(2027, 10, 1)),
        ("Timing is not right, get back to me next year.", date(2027, 1, 1)),
        ("Not now. Reach out again in Q2.", date(2027, 4, 1)),
        ("Im Moment passt es nicht, bitte melden Sie sich im nächsten Quartal wieder.", date(2027, 1, 1)),
        ("Not right now, get back to me next quarter.", date(2027, 1, 1)),
    ],
)  # fmt: skip
def test_not_now_says_when(text: str, day: date) -> None:
    found = verdict(text)
    assert (found.intent, found.sub, found.defer_until) == (NO, "not_now", day), found.reasons


def test_people_who_say_machine_like_things_are_people() -> None:
    for text in (
        "Thanks for reaching out. I will get back to you next week.",
        "I was out of the office last week, sorry. Yes, send me more information.",
        "Do not reply to my assistant, call me on Monday.",
    ):
        assert verdict(text).author is HUMAN, text


PIECES = st.text(max_size=400) | st.sampled_from(
    [FOOTER, "> ", "On ", "wrote:", "From: x", "unsubscribe", "\n"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=60))
def test_any_text_has_a_verdict_and_always_the_same(text: str, subject: str) -> None:
    first = classify(mail(text, subject=subject))
    assert first == classify(mail(text, subject=subject))
    assert 0 <= first.confidence <= 1
    assert json.loads(json.dumps(first.to_json()))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([text for _, kind, text in SPOKEN if kind == "unsubscribe"]),
    st.text(max_size=200),
)
def test_nothing_that_is_said_besides_lifts_an_unsubscribe(wish: str, other: str) -> None:
    assert verdict(f"{wish}\n\n{other}").intent is OUT


DATA = Path("/work/shared/data/replies/dev_intents.jsonl")


@pytest.mark.skipif(not DATA.exists(), reason="the labelled replies are not on this machine")
def test_on_the_labelled_replies_nobody_is_harmed() -> None:
    rows = [json.loads(line) for line in DATA.read_text().splitlines()]
    machines = {"out_of_office", "auto_reply", "bounce"}
    for row in rows:
        found = classify(inbound.from_fields(row["subject"], row["headers"], row["body"]))
        safe = found.abstain or found.intent is OUT
        assert row["label"] != "unsubscribe" or safe, row["id"]
        assert row["label"] not in machines or found.intent not in HOT, row["id"]
        assert row["label"] in machines or found.intent not in machines, row["id"]
