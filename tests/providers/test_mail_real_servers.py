"""The same clients against servers that others wrote: Dovecot, and smtp-sink of Postfix."""

import ssl
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from time import monotonic

import pytest

from providers.imap import TRUNCATED, Imap
from providers.ports import MailServer
from providers.smtp import Patience, Smtp
from providers.standins.mail_store import Account
from schemas.enums import MailSecurity
from schemas.errors import Permanent, Transient, Unanswered
from schemas.mails import Refused, RefusedWhat
from telemetry.secrets import Keyring
from tests.fix_mail import KEY, at, letter
from tests.fix_mail_servers import DOVECOT, PASSWORD, SMTP_SINK, Dovecot, smtp_sink

SALES = Account(email="sales@us.test", password=PASSWORD)
PHASES = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".")

dovecot_here = pytest.mark.skipif(DOVECOT is None, reason="no dovecot on this machine")
sink_here = pytest.mark.skipif(SMTP_SINK is None, reason="no smtp-sink on this machine")


@pytest.fixture
def imap(certificate: str) -> Imap:
    trust = ssl.create_default_context(cafile=certificate)
    return Imap(Keyring([KEY]), max_bytes=20_000, trust=trust)


@pytest.mark.needs("dovecot")
@dovecot_here
def test_dovecot_is_read_page_by_page_and_nothing_in_it_changes(
    imap: Imap, dovecot: Dovecot
) -> None:
    mails = [letter(f"number {n}", Message_ID=f"<{n}@x.test>") for n in range(5)]
    server = at(dovecot.imap, SALES)
    assert imap.fetch(server, "INBOX", None, limit=9).mails == ()
    for n, mail in enumerate(mails):
        dovecot.put(f"1000{n}.x.test", mail)
        assert imap.find(server, "INBOX", f"<{n}@x.test>")  # each look gives the next UID
    page = imap.fetch(server, "INBOX", None, limit=3)
    assert (list(page.mails), page.more) == (mails[:3], True)
    rest = imap.fetch(server, "INBOX", page.cursor, limit=3)
    assert (list(rest.mails), rest.more) == (mails[3:], False)
    again = imap.fetch(server, "INBOX", rest.cursor, limit=3)
    assert (again.mails, again.cursor) == ((), rest.cursor)
    seen = [path.name for path in (dovecot.mail / "cur").iterdir() if "S" in path.name.rpartition(",")[2]]  # fmt: skip
    assert seen == []


@pytest.mark.needs("dovecot")
@dovecot_here
def test_dovecot_gives_a_big_mail_as_its_header(imap: Imap, dovecot: Dovecot) -> None:
    big = letter("\r\n".join(["x" * 70] * 1_000), Message_ID="<big@x.test>")
    dovecot.put("1.x.test", big)
    [head] = imap.fetch(at(dovecot.imap, SALES), "INBOX", None, limit=3).mails
    assert head.startswith(f"{TRUNCATED}: {len(big)}\r\n".encode())
    assert (b"<big@x.test>" in head, b"xxxx" in head) == (True, False)


@pytest.mark.needs("dovecot")
@dovecot_here
def test_dovecot_finds_a_sent_copy_and_refuses_what_it_should(imap: Imap, dovecot: Dovecot) -> None:
    dovecot.put("1.x.test", letter(Message_ID="<one@us.test>"), folder=".Sent")
    server = at(dovecot.imap, SALES)
    assert imap.find(server, "Sent", "<one@us.test>")
    assert not imap.find(server, "Sent", "<two@us.test>")
    with pytest.raises(Permanent, match="refused the folder 'Nowhere'"):
        imap.find(server, "Nowhere", "<one@us.test>")
    with pytest.raises(Permanent, match="refused the login"):
        imap.find(at(dovecot.imap, SALES, password="wrong"), "Sent", "<one@us.test>")
    with pytest.raises(Permanent, match="refused the login"):
        imap.find(at(dovecot.imap, SALES, password="größer"), "Sent", "<one@us.test>")


@pytest.mark.needs("dovecot")
@dovecot_here
def test_dovecot_is_heard_at_once_and_between_two_waits(imap: Imap, dovecot: Dovecot) -> None:
    with imap.listen(at(dovecot.imap, SALES), "INBOX") as ear:
        assert not ear.wait(at_most=timedelta(milliseconds=100))
        timer = Timer(0.2, dovecot.put, ["1.x.test", letter()])
        timer.start()
        begun = monotonic()
        assert ear.wait(at_most=timedelta(seconds=20))
        assert monotonic() - begun < 3
        timer.join()
        dovecot.put("2.x.test", letter())
        begun = monotonic()
        assert ear.wait(at_most=timedelta(seconds=20))
        assert monotonic() - begun < 3


@pytest.mark.needs("dovecot")
@dovecot_here
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_dovecot_is_read_over_tls_whose_certificate_must_hold(
    imap: Imap, dovecot: Dovecot, security: str
) -> None:
    port = dovecot.imaps if security == "tls" else dovecot.imap
    server = at(port, SALES, security=MailSecurity(security), host="localhost")
    assert imap.fetch(server, "INBOX", None, limit=1).mails == ()
    with pytest.raises(Transient, match="self-signed certificate"):
        Imap(Keyring([KEY]), max_bytes=1).fetch(server, "INBOX", None, limit=1)


def send(port: int, mail: bytes = letter()) -> str:
    smtp = Smtp(Keyring([KEY]), patience=Patience(before_dot=5, after_dot=5))
    server: MailServer = at(port, SALES)
    return smtp.send(server, mail, sender=SALES.email, recipient="lead@x.test").answer


@pytest.mark.needs("smtp-sink")
@sink_here
def test_postfix_s_sink_takes_a_mail_as_it_was_written() -> None:
    with TemporaryDirectory() as folder:  # one that an ordinary user can get at
        Path(folder).chmod(0o777)
        with smtp_sink("-D", f"{folder}/taken") as port:
            assert send(port, letter(".a dot\r\n.\r\ngrüße")).startswith("250")
        taken = Path(folder, "taken").read_bytes().replace(b"\r\n", b"\n")
    assert b"\n.a dot\n.\ngr\xc3\xbc\xc3\x9fe\n" in taken
    assert b"\nX-Rcpt-Args: <lead@x.test>" in taken


@pytest.mark.needs("smtp-sink")
@sink_here
@pytest.mark.parametrize("phase", PHASES)
def test_postfix_s_sink_is_understood_when_it_says_not_now_or_never(phase: str) -> None:
    with smtp_sink("-r", phase) as port, pytest.raises(Transient, match="450 "):
        send(port)
    with smtp_sink("-f", phase) as port, pytest.raises(Refused, match="500 ") as refused:
        send(port)
    recipient, message = RefusedWhat.RECIPIENT, RefusedWhat.MESSAGE
    fault = {"RCPT": recipient, "DATA": message, ".": message}.get(phase, RefusedWhat.MAILBOX)
    assert refused.value.what is fault


@pytest.mark.needs("smtp-sink")
@sink_here
@pytest.mark.parametrize("phase", PHASES)
def test_postfix_s_sink_leaves_a_doubt_only_after_the_dot(phase: str) -> None:
    doubt = Unanswered if phase == "." else Transient
    with smtp_sink("-q", phase) as port, pytest.raises(doubt):
        send(port)
    with smtp_sink("-Q", phase) as port, pytest.raises(Transient, match="421 "):
        send(port)
