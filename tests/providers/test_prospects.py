"""The invented prospects: always the same, of every kind, and real mail."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.standins.prospect_mails import Answer, answer
from providers.standins.prospect_words import LANGUAGES, VOICES
from providers.standins.prospects import Kind, Received, habit, received, refuses, truth
from schemas.enums import ReplyIntent

SENT = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
FOOTER = "Unsubscribe: https://u.example/u/token"
SILENT = {Kind.SILENT, Kind.REFUSED}


def ours(recipient: str, step: int = 1, *, name: str = "Zoé Müller") -> Received:
    """A mail as we send it."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = '"Ada Winter" <ada@sender.example>'
    mail["To"] = f'"{name}" <{recipient}>'
    mail["Subject"] = "Ein Gedanke für Müller & Söhne"
    mail["Date"] = format_datetime(SENT)
    mail["Message-ID"] = f"<step{step}@sender.example>"
    if step > 1:
        mail["References"] = " ".join(f"<step{n}@sender.example>" for n in range(1, step))
    mail["List-Unsubscribe"] = "<https://u.example/u/token>, <mailto:ada@sender.example?subject=u>"
    mail.set_content(f"Hello Zoé,\n\nmay I ask something?\n\n-- \n{FOOTER}\n")
    return received(mail.as_bytes())


def people(kind: Kind, n: int = 12) -> list[str]:
    """Addresses of people who do this."""
    found = (f"person{number}@firm{number}.example" for number in range(20_000))
    return [address for address in found if habit(address, 1).kind is kind][:n]


def given_answer(address: str) -> tuple[Received, Answer]:
    mail = ours(address, habit(address, 1).step)
    reaction = answer(mail, 1)
    assert reaction
    return mail, reaction


def test_a_mail_of_ours_is_read_with_its_place_in_the_sequence():
    mail = ours("zoe@firm.example", 3)
    assert (mail.step, mail.recipient, mail.recipient_name) == (3, "zoe@firm.example", "Zoé Müller")
    assert (mail.sender, mail.sent_at) == ("ada@sender.example", SENT)
    assert mail.unsubscribe_url == "https://u.example/u/token"


def test_a_mail_without_a_way_out_is_not_ours():
    with pytest.raises(ValueError, match="is not ours"):
        received(b"From: a@b.example\r\nTo: c@d.example\r\nMessage-ID: <1@b.example>\r\n\r\nHello")


@given(number=st.integers(0, 10**6), seed=st.integers(0, 99))
def test_the_same_person_does_the_same_byte_for_byte(number: int, seed: int):
    mail = ours(f"p{number}@firm.example", habit(f"p{number}@firm.example", seed).step)
    assert answer(mail, seed) == answer(mail, seed)
    assert habit(mail.recipient.upper(), seed) == habit(mail.recipient, seed)
    assert (answer(mail, seed) is None) == (habit(mail.recipient, seed).kind in SILENT)


@given(number=st.integers(0, 10**6), step=st.integers(1, 3))
def test_nobody_answers_twice_or_before_they_were_written_to(number: int, step: int):
    address = f"p{number}@firm.example"
    reaction = answer(ours(address, step), 1)
    if step != habit(address, 1).step:
        assert reaction is None
        assert truth(ours(address, step), 1) is None
    elif reaction:
        assert SENT < reaction.due < SENT + timedelta(days=2)


@pytest.mark.parametrize("kind", [k for k in Kind if k not in SILENT | {Kind.ONE_CLICK}])
def test_every_kind_is_real_mail_that_names_ours(kind: Kind):
    for address in people(kind):
        mail, reaction = given_answer(address)
        assert reaction.raw
        parsed = message_from_bytes(reaction.raw, policy=policy.default)
        assert not parsed.defects
        assert reaction.mailbox == "ada@sender.example"
        if kind is not Kind.OWN_COPY:
            assert parsedate_to_datetime(str(parsed["Date"])) == reaction.due.replace(microsecond=0)
            assert mail.message_id.encode() in reaction.raw
            assert b"\n" not in reaction.raw.replace(b"\r\n", b"")


@pytest.mark.parametrize("kind", [Kind.INTERESTED, Kind.UNSUBSCRIBE, Kind.COLLEAGUE])
def test_people_thread_their_answer_and_quote_our_footer(kind: Kind):
    for address in people(kind):
        mail, reaction = given_answer(address)
        parsed = message_from_bytes(reaction.raw or b"", policy=policy.default)
        body = parsed.get_body(("plain",))
        assert body
        assert parsed["In-Reply-To"] == mail.message_id
        assert FOOTER in body.get_content()
        same = parsed["From"].addresses[0].addr_spec == address
        assert same is (kind is not Kind.COLLEAGUE)


def test_machines_say_that_they_are_machines_and_leave_no_return_path():
    for kind in (Kind.ABSENT, Kind.TICKET, Kind.BOUNCE, Kind.COMPLAINT):
        for address in people(kind):
            _, reaction = given_answer(address)
            parsed = message_from_bytes(reaction.raw or b"", policy=policy.default)
            assert str(parsed["Auto-Submitted"]).startswith("auto-")
            assert reaction.envelope_sender == ""


def test_a_bounce_has_the_fields_of_rfc_3464_and_the_head_of_our_mail():
    for address in people(Kind.BOUNCE):
        mail, reaction = given_answer(address)
        parsed = message_from_bytes(reaction.raw or b"", policy=policy.default)
        kinds = [part.get_content_type() for part in parsed.walk()]
        assert parsed.get_content_type() == "multipart/report"
        assert "message/delivery-status" in kinds
        assert "text/rfc822-headers" in kinds
        assert f"Final-Recipient: rfc822; {address}".encode() in (reaction.raw or b"")
        assert f"Message-ID: {mail.message_id}".encode() in (reaction.raw or b"")


def test_who_is_absent_names_a_working_day_after_our_mail():
    for address in people(Kind.ABSENT, 40):
        mail, reaction = given_answer(address)
        meant = truth(mail, 1)
        assert meant
        assert meant.returns
        assert meant.returns > reaction.due.date()
        assert meant.returns.isoweekday() <= 5
        voice = VOICES[habit(address, 1).language]
        parsed = message_from_bytes(reaction.raw or b"", policy=policy.default)
        text = parsed.get_content()
        assert f"{meant.returns.day}" in text
        assert voice.months.split()[meant.returns.month - 1] in text


def test_one_click_is_a_link_and_no_mail():
    for address in people(Kind.ONE_CLICK):
        mail, reaction = given_answer(address)
        assert reaction.post_url == mail.unsubscribe_url
        assert reaction.raw is None
        assert truth(mail, 1) is None


def test_everybody_is_there_and_unsubscribes_come_in_every_language():
    crowd = [f"p{number}@firm.example" for number in range(4000)]
    kinds = Counter(habit(address, 7).kind for address in crowd)
    assert set(kinds) == set(Kind)
    assert kinds[Kind.SILENT] > len(crowd) / 2
    leaving = {habit(a, 7).language for a in crowd if habit(a, 7).kind is Kind.UNSUBSCRIBE}
    assert leaving == set(LANGUAGES)
    assert sum(refuses(address, 7) for address in crowd) == kinds[Kind.REFUSED]


def test_what_is_meant_is_what_the_kind_says():
    for address in people(Kind.NOT_NOW):
        mail, _ = given_answer(address)
        meant = truth(mail, 1)
        assert meant
        assert meant.intent is ReplyIntent.NOT_INTERESTED
