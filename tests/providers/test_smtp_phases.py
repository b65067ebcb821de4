"""Where an SMTP conversation breaks decides what is certain: every phase, broken in every way."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from providers.ports import MailServer
from providers.smtp import Patience, Smtp
from schemas.enums import MailSecurity
from schemas.errors import JobError, RateLimited, Transient, Unanswered
from schemas.mails import Refused, RefusedWhat
from telemetry.secrets import Keyring
from tests.fix_mail import KEY, PLAIN, at, letter

PHASES = ("connect", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "dot", "QUIT")
CONSENT = {
    "connect": "220 hi", "EHLO": "250-hi\r\n250-SIZE 1000\r\n250 AUTH PLAIN", "AUTH": "235 in",
    "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go", "dot": "250 2.0.0 queued",
    "QUIT": "221 bye",
}  # fmt: skip
DROP, SILENCE, NOISE = "drop", "silence", "what?"


@contextmanager
def scripted(phase: str, answer: str) -> Iterator[int]:
    """A server that consents to everything, and at one phase answers differently, or not at all."""
    over = threading.Event()

    def talk(line: socket.socket) -> None:
        with line, line.makefile("rb") as heard:
            for now in PHASES:
                if now == "dot":
                    while heard.readline() not in {b".\r\n", b""}:
                        pass
                elif now != "connect" and not heard.readline():
                    return
                said = answer if now == phase else CONSENT[now]
                if said == DROP:
                    return
                if said == SILENCE:
                    over.wait(10)
                    return
                line.sendall(said.encode() + b"\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            line, _ = listener.accept()
            talk(line)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        over.set()
        thread.join(timeout=10)


def outcome(phase: str, answer: str) -> str | JobError:
    """What `send` returns or raises."""
    smtp = Smtp(Keyring([KEY]), patience=Patience(before_dot=0.3, after_dot=0.3))
    with scripted(phase, answer) as port:
        try:
            return smtp.send(
                at(port, PLAIN), letter(), sender="plain@us.test", recipient="lead@x.test"
            ).answer
        except JobError as error:
            return error


def test_a_conversation_without_trouble_is_accepted() -> None:
    assert outcome("QUIT", "221 bye") == "250 2.0.0 queued"


@pytest.mark.parametrize("answer", [DROP, SILENCE, NOISE, "550 no"])
def test_nothing_that_quit_answers_changes_an_acceptance(answer: str) -> None:
    assert outcome("QUIT", answer) == "250 2.0.0 queued"


@pytest.mark.parametrize("answer", [DROP, SILENCE, NOISE, "999 what"])
@pytest.mark.parametrize("phase", PHASES[:-2])
def test_trouble_before_the_dot_is_certain_and_passes(phase: str, answer: str) -> None:
    error = outcome(phase, answer)
    assert isinstance(error, Transient), error
    assert not isinstance(error, RateLimited)


@pytest.mark.parametrize("answer", [DROP, SILENCE, NOISE, "999 what", "354 go on"])
def test_trouble_after_the_dot_is_unanswered(answer: str) -> None:
    assert isinstance(outcome("dot", answer), Unanswered)


@pytest.mark.parametrize("phase", PHASES[:-1])
def test_not_now_passes_wherever_it_is_said(phase: str) -> None:
    for answer in ("421 4.3.2 closing", "451 4.7.1 later"):
        error = outcome(phase, answer)
        assert type(error) is Transient, error
    limited = outcome(phase, "450 4.2.0 Greylisted, try again in 5 minutes")
    assert isinstance(limited, RateLimited)
    assert limited.retry_after.total_seconds() == 300


@pytest.mark.parametrize(
    ("phase", "answer", "what"),
    [
        ("connect", "554 5.7.1 your address is blocked", RefusedWhat.MAILBOX),
        ("EHLO", "550 go away", RefusedWhat.MAILBOX),
        ("AUTH", "535 5.7.8 no", RefusedWhat.MAILBOX),
        ("AUTH", "534 5.7.9 please log in with a browser", RefusedWhat.MAILBOX),
        ("MAIL", "530 5.7.0 authenticate first", RefusedWhat.MAILBOX),
        ("MAIL", "553 5.1.8 sender refused", RefusedWhat.MAILBOX),
        ("MAIL", "552 5.3.4 too large", RefusedWhat.MESSAGE),
        ("RCPT", "550 5.1.1 nobody", RefusedWhat.RECIPIENT),
        ("RCPT", "550 no such user", RefusedWhat.RECIPIENT),
        ("RCPT", "550 5.7.26 unauthenticated mail", RefusedWhat.MAILBOX),
        ("RCPT", "550 5.4.5 daily limit exceeded", RefusedWhat.MAILBOX),
        ("DATA", "554 5.6.0 no", RefusedWhat.MESSAGE),
        ("DATA", "503 5.5.1 what", RefusedWhat.MAILBOX),
        ("dot", "554 5.7.1 looks like spam", RefusedWhat.MESSAGE),
        ("dot", "550 5.1.1 nobody after all", RefusedWhat.RECIPIENT),
        ("dot", "550; 5.7.515 Access denied, sending domain", RefusedWhat.MAILBOX),
    ],
)  # fmt: skip
def test_a_refusal_names_whose_fault_it_is(phase: str, answer: str, what: RefusedWhat) -> None:
    error = outcome(phase, answer)
    assert isinstance(error, Refused), error
    assert (error.what, error.code) == (what, int(answer[:3]))


def test_a_server_that_is_not_there_passes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    nowhere = MailServer("127.0.0.1", port, MailSecurity.NONE, None, None)
    with pytest.raises(Transient, match="Connection refused"):
        Smtp(Keyring([KEY])).send(nowhere, letter(), sender="a@b.test", recipient="c@d.test")
