"""`Smtp` against a server: what arrives, who is refused for what, and what is said about TLS."""

import base64
import json
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.ports import MailServer
from providers.smtp import Smtp
from schemas.enums import MailSecurity
from schemas.errors import Permanent, RateLimited, Transient, Unanswered
from schemas.mails import Refused, RefusedWhat
from telemetry.secrets import Keyring
from tests.fix_mail import KEY, PLAIN, SALES, Post, at, letter

Serve = Callable[..., Post]
LEAD = "lead@x.test"


@pytest.fixture
def smtp() -> Smtp:
    return Smtp(Keyring([KEY]))


def archived(post: Post) -> list[dict[str, Any]]:
    return [json.loads(line) for line in post.archive.read_text().splitlines()]


def send(smtp: Smtp, server: MailServer, mail: bytes = letter(), to: str = LEAD) -> str:
    return smtp.send(server, mail, sender=server.username or "", recipient=to).answer


def test_a_mail_arrives_byte_for_byte_and_the_answer_is_kept(smtp: Smtp, post: Post) -> None:
    mail = letter(".a dot\r\n..two\r\n.\r\nand words after it, grüße")
    assert send(smtp, post.smtp(), mail) == "250 2.0.0 Ok: queued as 1"
    [taken] = archived(post)
    assert base64.b64decode(taken.pop("raw_b64")) == mail
    assert taken == {"seq": 1, "mail_from": SALES.email, "rcpt_to": LEAD, "delivered": False,
                     "authenticated_as": SALES.email}  # fmt: skip


@settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(body=st.binary(max_size=200) | st.from_regex(rb"([.\r\n]|ab){0,40}", fullmatch=True))
def test_any_body_arrives_with_nothing_changed_but_its_line_ends(
    smtp: Smtp, post: Post, body: bytes
) -> None:
    send(smtp, post.smtp(), b"Subject: x\n\n" + body)
    raw = base64.b64decode(archived(post)[-1]["raw_b64"])
    lines = (b"Subject: x\n\n" + body).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert raw.replace(b"\r\n", b"\n").removesuffix(b"\n") == lines.removesuffix(b"\n")


def test_a_copy_lands_in_the_sent_folder_where_the_provider_makes_one(
    smtp: Smtp, post: Post
) -> None:
    send(smtp, post.smtp(SALES))
    send(smtp, post.smtp(PLAIN))
    copies = {name: len(f.mails) for (name, folder), f in post.running.store.folders.items()
              if folder == "Sent"}  # fmt: skip
    assert copies == {SALES.email: 1, PLAIN.email: 0}


def test_a_wrong_password_is_the_mailbox_s_fault(smtp: Smtp, post: Post) -> None:
    with pytest.raises(Refused) as refused:
        send(smtp, post.smtp(password="wrong"))
    assert (refused.value.what, refused.value.code, refused.value.status) == (
        RefusedWhat.MAILBOX, 535, "5.7.8")  # fmt: skip
    assert "wrong" not in str(refused.value)


def test_a_login_that_is_missing_is_never_the_recipient_s_fault(smtp: Smtp, post: Post) -> None:
    nobody = MailServer("127.0.0.1", post.running.ports["smtp"], MailSecurity.NONE, None, None)
    with pytest.raises(Refused, match="Relay access denied") as refused:
        smtp.send(nobody, letter(), sender=SALES.email, recipient=LEAD)
    assert refused.value.what is RefusedWhat.MAILBOX


def test_somebody_else_s_address_is_the_mailbox_s_fault(smtp: Smtp, post: Post) -> None:
    with pytest.raises(Refused, match="not owned") as refused:
        smtp.send(post.smtp(), letter(), sender=PLAIN.email, recipient=LEAD)
    assert refused.value.what is RefusedWhat.MAILBOX


def test_refusals_of_a_recipient_say_when_or_that_never(smtp: Smtp, serve: Serve) -> None:
    post = serve(unknown=(LEAD,), greylisted=("grey@x.test",),
                 replies={"full@x.test": "552 5.2.2 Mailbox full", "busy@x.test": "451 4.3.0 Busy"})  # fmt: skip
    with pytest.raises(Refused) as refused:
        send(smtp, post.smtp())
    assert (refused.value.what, refused.value.status) == (RefusedWhat.RECIPIENT, "5.1.1")
    with pytest.raises(Refused, match="Mailbox full"):
        send(smtp, post.smtp(), to="full@x.test")
    with pytest.raises(Transient, match="Busy") as busy:
        send(smtp, post.smtp(), to="busy@x.test")
    assert not isinstance(busy.value, RateLimited)
    with pytest.raises(RateLimited) as grey:
        send(smtp, post.smtp(), to="grey@x.test")
    assert grey.value.retry_after.total_seconds() == 1
    assert send(smtp, post.smtp(), to="grey@x.test").startswith("250")
    assert [line["rcpt_to"] for line in archived(post)] == ["grey@x.test"]


@pytest.mark.parametrize(("when", "taken"), [("before", 0), ("after", 1)])
def test_silence_after_the_dot_is_unanswered_whatever_the_server_did(
    smtp: Smtp, serve: Serve, when: str, taken: int
) -> None:
    post = serve(hang_up={LEAD: when})
    with pytest.raises(Unanswered, match="given the whole mail"):
        send(smtp, post.smtp())
    assert len(archived(post)) == taken


@pytest.mark.parametrize(("port", "security"), [("smtps", "tls"), ("smtp", "starttls")])
def test_tls_is_spoken_and_the_certificate_must_hold(
    serve: Serve, certificate: str, port: str, security: str
) -> None:
    post = serve(certificate=certificate)
    trusting = Smtp(Keyring([KEY]), trust=ssl.create_default_context(cafile=certificate))
    known = {"security": MailSecurity(security), "host": "localhost"}
    assert send(trusting, post.smtp(port=port, **known)).startswith("250")
    with pytest.raises(Transient, match=r"doesn't match|not valid for '127\.0\.0\.1'"):
        send(trusting, post.smtp(port=port, security=MailSecurity(security)))
    with pytest.raises(Transient, match="self-signed certificate"):
        send(Smtp(Keyring([KEY])), post.smtp(port=port, **known))
    assert len(archived(post)) == 1


def test_a_server_without_starttls_gets_no_password(smtp: Smtp, post: Post) -> None:
    with pytest.raises(Refused, match="does not offer STARTTLS") as refused:
        send(smtp, post.smtp(security=MailSecurity.STARTTLS))
    assert refused.value.what is RefusedWhat.MAILBOX


def test_nobody_else_is_spoken_to_in_the_clear(smtp: Smtp) -> None:
    with pytest.raises(Permanent, match="in the clear; use tls or starttls"):
        send(smtp, at(25, SALES, host="mail.example.com"))


def test_a_password_that_our_keys_do_not_open_may_be_opened_later(post: Post) -> None:
    with pytest.raises(Transient, match="OUTRIDER_SECRET_KEY has no key"):
        send(Smtp(Keyring([bytes(32)])), post.smtp())


@pytest.mark.parametrize("address", ["a@b>\r\nRCPT TO:<c@d", "a b@c.test", "nobody", "a@b\0"])
def test_an_address_cannot_smuggle_a_command(smtp: Smtp, post: Post, address: str) -> None:
    with pytest.raises(Permanent, match="recipient: "):
        send(smtp, post.smtp(), to=address)
    with pytest.raises(Permanent, match="sender: "):
        smtp.send(post.smtp(), letter(), sender=address, recipient=LEAD)
    assert archived(post) == []


def test_an_address_beyond_ascii_is_carried_where_the_server_can(smtp: Smtp, post: Post) -> None:
    send(smtp, post.smtp(), to="jürgen@x.test")
    assert archived(post)[0]["rcpt_to"] == "jürgen@x.test"


def test_a_check_logs_in_and_sends_nothing(smtp: Smtp, post: Post) -> None:
    smtp.check(post.smtp(), SALES.email)
    with pytest.raises(Refused):
        smtp.check(post.smtp(password="wrong"), SALES.email)
    assert archived(post) == []
