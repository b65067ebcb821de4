"""Bytes to a mail in our own words: structure, charsets, quotes; total and bounded for any bytes."""

import base64
import time
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas import inbound
from schemas.inbound import parse
from schemas.quotes import newest
from schemas.replies import classify

PLAIN = b"""From: =?utf-8?q?J=C3=BCrgen?= <Jurgen@Example.test>
To: Ada <sales@acme.test>, x@acme.test
Subject: =?utf-8?b?UmU6IMOcYmVy?= =?utf-8?q?raschung?=
Date: Mon, 23 Nov 2026 12:00:00 +0100
Message-ID: <r1@example.test>
In-Reply-To: <1@acme.test>
References: <0@acme.test>
 <1@acme.test>
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Sch=F6n, danke.

> Hello
"""


def test_a_mail_is_read_with_its_names_its_charset_and_its_newest_text() -> None:
    mail = parse(PLAIN)
    assert (mail.from_name, mail.from_email) == ("Jürgen", "jurgen@example.test")
    assert mail.to == ("sales@acme.test", "x@acme.test")
    assert mail.subject == "Re: Überraschung"
    assert mail.date == datetime(2026, 11, 23, 11, tzinfo=UTC)
    assert (mail.message_id, mail.in_reply_to) == ("<r1@example.test>", ("<1@acme.test>",))
    assert mail.references == ("<0@acme.test>", "<1@acme.test>")
    assert mail.text == "Schön, danke."
    assert "> Hello" in mail.full_text


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\r\r\n"])
def test_the_line_ends_do_not_matter(end: bytes) -> None:
    assert parse(PLAIN.replace(b"\n", end)) == parse(PLAIN)


def test_of_an_alternative_the_plain_text_counts_and_of_bare_html_what_a_person_sees() -> None:
    html = base64.b64encode(
        b"<p>H&eacute;llo<br>you</p><style>p{}</style><blockquote>old</blockquote>"
    )
    both = b"Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>rich\n--b--\n"
    only = b"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + html
    assert parse(both).text == "plain"
    assert parse(only).text == "Héllo\nyou"
    assert "> old" in parse(only).full_text


@pytest.mark.parametrize(
    "charset",
    ["utf-8", "windows-1252", "no-such", "hex", "unicode_escape", "idna", "\u00e9", "utf-16"],
)
def test_no_charset_is_too_strange(charset: str) -> None:
    raw = f"Content-Type: text/plain; charset={charset}\n\n".encode() + b"caf\xe9 \\N{x}"
    assert parse(raw).full_text


def test_a_returned_mail_is_found_attached_or_pasted() -> None:
    attached = b"""Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; x

Final-Recipient: rfc822;Bob@example.test
Action: failed
--b
Content-Type: message/rfc822

From: sales@acme.test
Message-ID: <1@acme.test>

hello
--b--
"""
    mail = parse(attached)
    assert mail.report == "delivery-status"
    assert mail.returned_ids == ("<1@acme.test>",)
    assert mail.statuses[-1]["final-recipient"] == "rfc822;Bob@example.test"
    assert parse(b"Subject: x\n\n--- copy ---\nMessage-Id: <1@acme.test>\n").returned_ids == (
        "<1@acme.test>",
    )


QUOTED = {
    "en": "On Mon, 23 Nov 2026 at 09:02, Ada <a@acme.test> wrote:",
    "de": "Am 23. November 2026 um 09:02 schrieb Ada <a@acme.test>:",
    "fr": "Le lun. 23 nov. 2026 à 09:02, Ada <a@acme.test> a écrit :",
    "es": "El lun, 23 nov 2026 a las 9:02, Ada (<a@acme.test>) escribió:",
    "it": "Il giorno lun 23 nov 2026 alle ore 09:02 Ada <a@acme.test> ha scritto:",
    "nl": "Op ma 23 nov 2026 om 09:02 schreef Ada <a@acme.test>:",
    "pt": "Em seg., 23 de nov. de 2026 às 09:02, Ada <a@acme.test> escreveu:",
    "sv": "Den mån 23 nov. 2026 kl 09:02 skrev Ada <a@acme.test>:",
    "pl": "pon., 23 lis 2026 o 09:02 Ada <a@acme.test> napisał(a):",
    "wrapped": "On Mon, 23 Nov 2026 at 09:02, Ada Lovelace of Acme\n<a@acme.test> wrote:",
}
HEADS = {
    "en": "From: Ada <a@acme.test>\nSent: Monday, 23 November 2026 09:02\nTo: Bob\nSubject: Hello",
    "de": "Von: Ada <a@acme.test>\nGesendet: Montag, 23. November 2026 09:02\nAn: Bob\nBetreff: Hallo",
    "fr": "De : Ada <a@acme.test>\nEnvoyé : lundi 23 novembre 2026 09:02\nÀ : Bob\nObjet : Bonjour",
    "es": "De: Ada <a@acme.test>\nEnviado: lunes, 23 de noviembre de 2026\nPara: Bob\nAsunto: Hola",
    "it": "Da: Ada <a@acme.test>\nInviato: lunedì 23 novembre 2026\nA: Bob\nOggetto: Ciao",
    "nl": "Van: Ada <a@acme.test>\nVerzonden: maandag 23 november 2026\nAan: Bob\nOnderwerp: Hallo",
    "pt": "De: Ada <a@acme.test>\nEnviado: segunda-feira, 23 de novembro\nPara: Bob\nAssunto: Olá",
    "sv": "Från: Ada <a@acme.test>\nSkickat: den 23 november 2026 09:02\nTill: Bob\nÄmne: Hej",
    "ruled": "________________________________\nFrom: Ada <a@acme.test>\nSent: x\nTo: Bob\nSubject: y",
    "original": "-----Original Message-----\nFrom: Ada",
    "ursprünglich": "-----Ursprüngliche Nachricht-----\nVon: Ada",
}


@pytest.mark.parametrize("line", QUOTED.values(), ids=QUOTED)
def test_what_stands_under_an_attribution_is_old(line: str) -> None:
    assert newest(f"Thanks, yes.\n\n{line}\n\n> unsubscribe\n>> older\n") == "Thanks, yes."
    assert newest(f"Thanks, yes.\n\n{line}\n\nunsubscribe here\n") == "Thanks, yes."


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_what_stands_under_the_heads_of_a_mail_is_old(head: str) -> None:
    assert newest(f"Thanks, yes.\n\n{head}\n\nunsubscribe here\n") == "Thanks, yes."


def test_an_answer_below_or_between_the_quoted_lines_is_kept() -> None:
    assert (
        newest(f"{QUOTED['en']}\n> Are you free?\nOn Monday, yes.\n> Where?\nHere.")
        == "On Monday, yes.\nHere."
    )


def test_a_signature_is_no_text_and_a_sentence_that_begins_like_a_quote_is() -> None:
    assert newest("Yes.\n-- \nBob\nSent on behalf of") == "Yes."
    assert newest("Yes.\n\nSent from my iPhone") == "Yes."
    assert newest("On Monday I wrote:\nnothing") == "On Monday I wrote:\nnothing"
    assert newest("From: here on we agree.\nGood.") == "From: here on we agree.\nGood."


HOSTILE = st.lists(
    st.binary(max_size=60)
    | st.sampled_from([b"\n", b"\r", b"Content-Type: multipart/mixed; boundary=b\n\n", b"--b\n", b"--b--\n",
                       b"Content-Type: message/rfc822\n\n", b"Content-Transfer-Encoding: base64\n",
                       b"=?utf-8?b?", b"?=", b"<!--", b"<div class=gmail_quote>", b"On 1 wrote:\n", b"Date: ",
                       b"Date: Mon, 99 Foo 99999 99:99:99 +9999\n", b"Message-ID: <", b"Subject: ", b'From: "a@']),
    max_size=40,
).map(b"".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
@example(b"Date: Thu, 01 Jan 0001 00:00:00 +2359\n\nx")
@example(b"Subject: \xff\xfe\n\xff")
@example(b'Content-Type: multipart/mixed; boundary=""\n\n--\n')
def test_any_bytes_are_a_mail_with_a_verdict(raw: bytes) -> None:
    mail = parse(raw)
    assert len(mail.text) <= len(mail.full_text) + 1
    classify(mail)


LONG = {
    "attributions": "On Monday\n" * 5_000,
    "words": "On word word word " * 5_000,
    "dashes": "-" * 100_000,
    "blank lines": "\n" * 50_000,
    "froms": "From: x\n" * 12_000,
    "quotes": "> " * 60_000,
    "tags": "<div>" * 20_000,
    "comments": "<!--" * 25_000,
    "scripts": "<script>" * 15_000,
    "letters": "a" * 120_000,
    "ats": "a@" * 60_000,
    "words of a lexicon": "please stop not no call me " * 4_000,
    "encoded": "=?utf-8?q?" * 10_000,
    "digits": "1.1." * 30_000,
    "ids": "<a@b> " * 20_000,
}


@pytest.mark.parametrize("kind", ["plain", "html", "header"])
@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_hostile_mail_costs_little(text: str, kind: str) -> None:
    raw = {"plain": f"Subject: x\n\n{text}", "html": f"Content-Type: text/html\n\n{text}",
           "header": f"Subject: {text}\nReferences: {text}\nFrom: {text}\nDate: {text}\n\nx"}[kind]  # fmt: skip
    started = time.process_time()
    classify(parse(raw.encode()))
    assert time.process_time() - started < 1.5


def test_a_deep_mail_is_read_to_a_depth() -> None:
    raw = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(500)
    )
    assert len(parse(raw).kinds) <= 12


def test_pieces_and_bare_html_make_a_mail_too() -> None:
    mail = inbound.from_fields(
        "Hi", {"From": "b@example.test", "auto-submitted": "no"}, "Yes.\n> old"
    )
    assert (mail.subject, mail.from_email, mail.text) == ("Hi", "b@example.test", "Yes.")
    assert mail.header("auto-submitted") == "no"
    assert inbound.from_html("<div>Yes.</div><div class='gmail_quote'>old</div>").text == "Yes."
