"""A mail from words to bytes: what a receiver parses is what was meant, and nothing else."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.letters import BadLetter, Letter, message_id, to_bytes, with_footer
from schemas.links import unsubscribe_mailto, unsubscribe_url

TOKEN = "aZ0_-" * 20
LETTER = Letter(
    message_id=message_id("email:1:2:3:0", "acme.example"),
    sender_email="ada@acme.example",
    sender_name="Ada Lovelace",
    recipient_email="bo@initech.example",
    recipient_name="Bo Weber",
    subject="A word about Initech",
    body="Hello Bo,\n\n.\nBye\n",
    date=datetime(2026, 11, 21, 10, 30, tzinfo=timezone(timedelta(hours=1))),
    in_reply_to=None,
    references=(),
    unsubscribe_url=unsubscribe_url("https://u.acme.example", TOKEN),
    unsubscribe_mailto=unsubscribe_mailto("ada@acme.example", TOKEN),
)


def changed(**fields: object) -> Letter:
    return Letter.model_validate({**dict(LETTER), **fields})


def parsed(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def content(raw: bytes) -> str:
    return parsed(raw).get_content().replace("\r\n", "\n")


def test_a_letter_reads_as_it_was_meant() -> None:
    thread = ("<a@acme.example>", "<b@acme.example>")
    raw = to_bytes(changed(in_reply_to=thread[-1], references=thread))
    mail = parsed(raw)
    assert dict(mail.items()) == {
        "Message-ID": LETTER.message_id,
        "Date": "Sat, 21 Nov 2026 10:30:00 +0100",
        "From": "Ada Lovelace <ada@acme.example>",
        "To": "Bo Weber <bo@initech.example>",
        "Subject": "A word about Initech",
        "In-Reply-To": "<b@acme.example>",
        "References": "<a@acme.example> <b@acme.example>",
        "List-Unsubscribe": f"<https://u.acme.example/u/{TOKEN}>,"
        f" <mailto:ada@acme.example?subject=unsubscribe-{TOKEN}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable",
        "MIME-Version": "1.0",
    }
    assert content(raw) == LETTER.body


def test_a_first_mail_refers_to_nothing() -> None:
    assert not {"In-Reply-To", "References", "Auto-Submitted"} & set(parsed(to_bytes(LETTER)))


def test_a_long_token_does_not_break_the_one_click_header() -> None:
    """The library's own line length writes such a link as an encoded word: no client finds it."""
    token = "A" * 400
    raw = to_bytes(changed(
        unsubscribe_url=unsubscribe_url("https://u.acme.example", token),
        unsubscribe_mailto=unsubscribe_mailto("ada@acme.example", token),
    ))  # fmt: skip
    [line] = [one for one in raw.split(b"\r\n") if one.startswith(b"List-Unsubscribe:")]
    assert line.decode() == (
        f"List-Unsubscribe: <https://u.acme.example/u/{token}>,"
        f" <mailto:ada@acme.example?subject=unsubscribe-{token}>"
    )


texts = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200).filter(
    lambda text: "=?" not in text
)
addresses = st.from_regex(
    r"[a-z0-9]{1,30}(\.[a-z0-9]{1,20})?@[a-z0-9]{1,40}\.example", fullmatch=True
)
ids = st.from_regex(r"<[a-zA-Z0-9.+_$=/-]{1,120}@[a-z0-9-]{1,60}\.example>", fullmatch=True)
bodies = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=600)


@settings(deadline=None)
@given(texts, texts, texts, addresses, addresses)
def test_any_name_and_subject_comes_back(
    sender: str, recipient: str, subject: str, one: str, other: str
) -> None:
    raw = to_bytes(changed(sender_name=sender, recipient_name=recipient, subject=subject,
                           sender_email=one, recipient_email=other))  # fmt: skip
    mail = parsed(raw)
    [from_], [to] = mail["From"].addresses, mail["To"].addresses
    assert (from_.addr_spec, to.addr_spec) == (one, other)
    assert squeezed(from_.display_name) == squeezed(sender)
    assert squeezed(to.display_name) == squeezed(recipient)
    assert squeezed(mail["Subject"]) == squeezed(subject)
    assert len(mail.items()) == 10
    well_formed(raw)


def squeezed(text: str) -> str:
    """Folding may add or drop blanks at the fold; the words are what must survive."""
    return "".join(str(text).split())


def well_formed(raw: bytes) -> None:
    """RFC 5322 2.1.1: lines of at most 998; RFC 2047 2: encoded words of at most 75."""
    head = raw.split(b"\r\n\r\n", 1)[0]
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?[qb]\?[^?\s]*\?=", head))


@settings(deadline=None)
@given(ids, st.lists(ids, max_size=40))
def test_any_thread_comes_back_whole(own: str, references: list[str]) -> None:
    raw = to_bytes(
        changed(
            message_id=own,
            references=references,
            in_reply_to=references[-1] if references else None,
        )
    )
    mail = parsed(raw)
    assert mail["Message-ID"] == own
    assert str(mail.get("References", "")).split() == references
    assert mail["In-Reply-To"] == (references[-1] if references else None)
    assert b"=?" not in raw.split(b"\r\n\r\n", 1)[0]
    well_formed(raw)


@settings(deadline=None)
@given(bodies)
def test_any_body_comes_back(body: str) -> None:
    raw = to_bytes(changed(body=body))
    meant = body.replace("\r\n", "\n").replace("\r", "\n")
    assert content(raw).rstrip("\n") == meant.rstrip("\n")
    assert all(len(line) <= 76 for line in raw.split(b"\r\n\r\n", 1)[1].split(b"\r\n"))  # RFC 2045
    well_formed(raw)


@pytest.mark.parametrize("field", ["sender_name", "recipient_name", "subject", "message_id",
                                   "in_reply_to", "unsubscribe_url", "unsubscribe_mailto",
                                   "sender_email", "recipient_email"])  # fmt: skip
@pytest.mark.parametrize(
    "evil", ["\r\nBcc: all@example.org", "\nX: y", "\rX: y", "\0", "\u2028x", "\x85x", "\ud800"]
)
def test_no_field_can_smuggle_in_a_header(field: str, evil: str) -> None:
    with pytest.raises(BadLetter, match=f"^{field}: "):
        to_bytes(
            LETTER.model_copy(update={field: (getattr(LETTER, field) or "<a@b.example>") + evil})
        )


@pytest.mark.parametrize(("field", "value", "says"), [
    ("recipient_email", "nobody", "is not an e-mail address"),
    ("recipient_email", "jürgen@acme.example", "SMTPUTF8"),
    ("recipient_email", "a@b.example, c@d.example", "is not an e-mail address"),
    ("message_id", "no-brackets@acme.example", "is no Message-ID"),
    ("message_id", "<two words@acme.example>", "is no Message-ID"),
    ("references", ("<a@b.example>", "<x>"), "is no Message-ID"),
    ("unsubscribe_url", "javascript:alert(1)", "is no http link"),
    ("unsubscribe_url", "https://u.example/a b", "percent-encode"),
    ("unsubscribe_url", "https://u.example/>, <https://evil.example/", "percent-encode"),
    ("unsubscribe_mailto", "ada@acme.example", "is no mailto: link"),
    ("subject", "=?utf-8?q?=0D=0ABcc=3A?=", "encoded word"),
    ("body", "a\0b", "NUL"),
    ("body", "a\ud800b", "surrogate"),
])  # fmt: skip
def test_what_cannot_be_written_is_named(field: str, value: object, says: str) -> None:
    with pytest.raises(BadLetter, match=f"^{field}: .*{re.escape(says)}"):
        to_bytes(LETTER.model_copy(update={field: value}))


def test_a_domain_of_any_script_is_written_in_ascii() -> None:
    mail = parsed(to_bytes(changed(recipient_email="bo@bücher.example", recipient_name=None)))
    assert mail["To"] == "bo@xn--bcher-kva.example"


def test_an_effect_has_one_message_id_for_ever() -> None:
    assert message_id("email:1:2:3:0", "ACME.example") == message_id(
        "email:1:2:3:0", "acme.example"
    )
    assert message_id("email:1:2:3:0", "a.example") != message_id("email:1:2:4:0", "a.example")
    assert LETTER.message_id == "<13badae9d123600437bb18ad39f3dd51@acme.example>"
    with pytest.raises(ValueError, match="not an e-mail address"):
        message_id("x", "acme example")


def test_a_letter_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="timezone"):
        changed(date=datetime(2026, 11, 21))
    assert changed(date=datetime(2026, 11, 21, tzinfo=UTC)).date.tzinfo


def test_the_footer_stands_under_a_signature_mark_and_its_link_survives_transport() -> None:
    text = with_footer("Hello\n\n\n", LETTER.unsubscribe_url)
    assert text.startswith("Hello\n\n-- \n")
    assert text.endswith(f"{LETTER.unsubscribe_url}\n")
    assert content(to_bytes(changed(body=text))) == text
