"""The mail stand-in is as strict as a real server, and ends with whoever started it."""

import imaplib
import json
import os
import signal
import smtplib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from providers.standins.imap_words import BadCommand, words
from providers.standins.mail_store import Spec
from tests.fix_mail import PLAIN, SALES, Post, letter
from tests.fix_mail_servers import answers
from tests.fix_world import until

Serve = Callable[..., Post]
LOCAL = "127.0.0.1"


@pytest.fixture
def smtp(post: Post) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP(LOCAL, post.running.ports["smtp"], "x.test", timeout=10) as smtp:
        yield smtp


@pytest.fixture
def imap(post: Post) -> Iterator[imaplib.IMAP4]:
    with imaplib.IMAP4(LOCAL, post.running.ports["imap"], timeout=10) as imap:
        imap.login(PLAIN.email, PLAIN.password)
        yield imap


def test_commands_have_an_order(smtp: smtplib.SMTP) -> None:
    assert smtp.docmd("MAIL FROM:<a@x.test>")[0] == 503, "before EHLO"
    smtp.ehlo()
    assert smtp.docmd("RCPT TO:<sales@us.test>")[0] == 503
    assert smtp.docmd("DATA")[0] == 503
    assert smtp.docmd("MAIL FROM:<a@x.test>")[0] == 250
    assert smtp.docmd("MAIL FROM:<a@x.test>")[0] == 503
    assert smtp.docmd("DATA")[0] == 503
    assert smtp.docmd("RSET")[0] == 250
    assert smtp.docmd("RCPT TO:<sales@us.test>")[0] == 503
    assert smtp.docmd("VRFY sales")[0] == 502
    assert smtp.noop()[0] == 250


def test_strangers_may_write_to_us_and_relay_nothing(post: Post, smtp: smtplib.SMTP) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused, match="Relay access denied"):
        smtp.sendmail("a@x.test", ["b@y.test"], letter())
    smtp.sendmail("a@x.test", [SALES.email, PLAIN.email], letter())
    lines = [json.loads(line) for line in post.archive.read_text().splitlines()]
    told = [
        (one["seq"], one["rcpt_to"], one["delivered"], one["authenticated_as"]) for one in lines
    ]
    assert told == [(1, SALES.email, True, None), (2, PLAIN.email, True, None)]
    [mail] = post.inbox()
    assert mail.startswith(b"Return-Path: <a@x.test>\r\nReceived: ")
    assert mail.endswith(letter())


def test_both_ways_to_log_in_work_and_wrong_ones_do_not(smtp: smtplib.SMTP) -> None:
    smtp.ehlo()
    assert smtp.docmd("AUTH CRAM-MD5")[0] == 504
    smtp.user, smtp.password = PLAIN.email, "wrong"
    with pytest.raises(smtplib.SMTPAuthenticationError):
        smtp.auth("LOGIN", smtp.auth_login)
    smtp.password = PLAIN.password
    assert smtp.auth("LOGIN", smtp.auth_login)[0] == 235
    assert smtp.docmd("AUTH PLAIN AHgAeA==")[0] == 503, "once is enough"
    with pytest.raises(smtplib.SMTPSenderRefused, match="not owned"):
        smtp.sendmail(SALES.email, ["b@y.test"], letter())


def test_what_is_too_large_or_ends_in_a_bare_newline_is_refused(smtp: smtplib.SMTP) -> None:
    smtp.ehlo()
    assert smtp.docmd("MAIL FROM:<a@x.test> SIZE=99999999")[0] == 552
    assert smtp.docmd("MAIL FROM:<a@x.test>")[0] == 250
    assert smtp.docmd("RCPT TO:<x>")[0] == 501
    assert smtp.docmd("RCPT TO:<sales@us.test>")[0] == 250
    assert smtp.docmd("DATA")[0] == 354
    smtp.send(b"Subject: x\n\r\n.\r\n")
    assert smtp.getreply()[0] == 521


def test_imap_keeps_the_standard_s_traps(post: Post, imap: imaplib.IMAP4) -> None:
    for n in range(3):
        post.deliver(letter(f"{n}", Message_ID=f"<{n}@x.test>"), to=PLAIN.email)
    assert imap.select("INBOX", readonly=True) == ("OK", [b"3"])
    assert imap.uid("SEARCH", "UID 9:*")[1] == [b"3"], "the last one, however small its UID"
    assert imap.uid("SEARCH", "HEADER", "Message-ID", '"<1@x.test>"')[1] == [b"2"]
    assert imap.uid("SEARCH", "SEEN")[1] == [b""]
    assert imap.search(None, "2:3")[1] == [b"2 3"]
    assert imap.fetch("1", "(UID BODY.PEEK[TEXT]<1.2>)")[1] == [
        (b"1 (UID 1 BODY[TEXT]<1> {2}", b"\r\n"),
        b")",
    ]
    status = imap.status("INBOX", "(MESSAGES UIDNEXT UIDVALIDITY)")[1]
    assert status == [b'"INBOX" (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 1)']
    with pytest.raises(imaplib.IMAP4.error, match="Unknown item"):
        imap.fetch("1", "(ENVELOPE)")
    with pytest.raises(imaplib.IMAP4.error, match="Unknown command"):
        imap.expunge()
    post.deliver(letter("later"), to=PLAIN.email)
    imap.noop()
    assert imap.response("EXISTS")[1][-1] == b"4"


def test_words_are_read_or_refused() -> None:
    assert words(r'(HEADER "Message-ID" "<a \"b\" \\>")') == ["(", "HEADER", "Message-ID", r'<a "b" \>', ")"]  # fmt: skip
    with pytest.raises(BadCommand):
        words('"open')


def test_the_process_prints_its_ports_and_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    spec, archive = tmp_path / "spec.json", tmp_path / "archive.jsonl"
    spec.write_text(Spec(accounts=(PLAIN,), unknown=("no@x.test",)).model_dump_json())
    command = [sys.executable, "-m", "providers.standins.mail_server", "--spec", str(spec),
               "--archive", str(archive), "--die-with-parent"]  # fmt: skip
    starter = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen({command!r}, stdout=subprocess.PIPE, text=True)\n"
        "print(child.stdout.readline(), end='', flush=True); time.sleep(60)\n"
    )
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, "-c", starter], cwd=root, env=env, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        ports = json.loads(parent.stdout.readline())
        with smtplib.SMTP(LOCAL, ports["smtp"], "x.test", timeout=10) as smtp:
            smtp.login(PLAIN.email, PLAIN.password)
            smtp.sendmail(PLAIN.email, ["a@x.test"], letter())
        assert json.loads(archive.read_text())["rcpt_to"] == "a@x.test"
        parent.send_signal(signal.SIGKILL)
    until(lambda: not answers(ports["imap"]), seconds=5)
