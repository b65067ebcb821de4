"""Hands one mail to a submission server (RFC 5321, 6409), command by command.

So the moment is known at which responsibility passes: the final dot. Whatever fails before it was
written certainly did not happen; only between the dot and its answer does nobody know. Refuses
servers whose certificate does not hold, and passwords in the clear.
"""

import base64
import contextlib
import re
import smtplib
import ssl
import time
from collections.abc import Generator
from dataclasses import dataclass

from providers.mail_logins import password, refuse_in_the_clear, send_at_once
from providers.ports import MailServer
from providers.smtp_replies import Phase, refusal
from schemas.enums import MailSecurity
from schemas.errors import Permanent, Transient, Unanswered
from schemas.mails import Accepted, Refused, RefusedWhat
from telemetry.secrets import Keyring
from telemetry.spoken import mask

_STEP, _BEFORE_DOT, _AFTER_DOT, _FAREWELL = 20.0, 45.0, 60.0, 2.0
"""Seconds: one command, all commands before the dot, the answer to it, and a polite QUIT."""

_ADDRESS = re.compile(r"[^\s<>\x00-\x1f\x7f]+@[^\s<>\x00-\x1f\x7f]+")
Reply = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait; a job that sends must have more time than both together."""

    before_dot: float = _BEFORE_DOT
    after_dot: float = _AFTER_DOT


class Smtp:
    """A `MailSender`; one connection per mail, closed before `send` returns. Thread-safe."""

    def __init__(
        self,
        keyring: Keyring,
        *,
        patience: Patience | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """`trust` replaces the machine's certificate authorities."""
        self._keyring = keyring
        self._patience = patience or Patience()
        self._trust = trust or ssl.create_default_context()

    def send(self, server: MailServer, mail: bytes, *, sender: str, recipient: str) -> Accepted:
        """As the port says; also Permanent for an address that cannot stand in a command."""
        for name, address in (("sender", sender), ("recipient", recipient)):
            if not _ADDRESS.fullmatch(address):
                raise Permanent(f"{name}: {address!r} is no address that a server could be told.")
        data = _stuffed(mail)
        with self._session(server, sender) as talk:
            with _certain(server):
                talk.offer(len(data), sender, recipient, eight_bit=not mail.isascii())
                talk.smtp.send(data)
            return talk.hand_over(self._patience.after_dot)

    def check(self, server: MailServer, sender: str) -> None:
        """Connect and log in, and send nothing. Raises as `send`."""
        with self._session(server, sender):
            pass

    @contextlib.contextmanager
    def _session(self, server: MailServer, sender: str) -> "Generator[_Talk]":
        refuse_in_the_clear(server)
        secret = password(self._keyring, server)
        deadline = time.monotonic() + self._patience.before_dot
        with _certain(server):
            smtp = self._connect(server, sender.rpartition("@")[2])
        send_at_once(smtp.sock)
        talk = _Talk(smtp, deadline)
        try:
            with _certain(server):
                talk.greet()
                if server.security is MailSecurity.STARTTLS:
                    talk.encrypt(self._trust)
                if server.username is not None:
                    talk.login(server.username, secret)
            yield talk
        except (Transient, Unanswered):
            smtp.close()  # nobody to say good-bye to
            raise
        finally:
            talk.leave()

    def _connect(self, server: MailServer, name: str) -> smtplib.SMTP:
        hello = name.encode("idna").decode("ascii") if not name.isascii() else name
        timeout = min(_STEP, self._patience.before_dot)
        if server.security is MailSecurity.TLS:
            return smtplib.SMTP_SSL(
                server.host, server.port, hello, timeout=timeout, context=self._trust
            )
        return smtplib.SMTP(server.host, server.port, hello, timeout=timeout)


@dataclass(frozen=True, slots=True)
class _Talk:
    """One conversation; raises what `refusal` gives for a reply that is no consent."""

    smtp: smtplib.SMTP
    deadline: float

    def greet(self) -> None:
        self._patiently()
        self._expect(self.smtp.ehlo(), Phase.HELLO)

    def encrypt(self, trust: ssl.SSLContext) -> None:
        if not self.smtp.has_extn("starttls"):
            raise _lacks("STARTTLS")
        self._patiently()
        self._expect(self.smtp.starttls(context=trust), Phase.HELLO)
        self.greet()

    def login(self, username: str, secret: str) -> None:
        # smtplib's own login speaks ASCII only, and RFC 4954 says UTF-8.
        offered = self.smtp.esmtp_features.get("auth", "").upper().split()
        name, word = (base64.b64encode(s.encode()).decode() for s in (username, secret))
        if "PLAIN" in offered:
            both = base64.b64encode(f"\0{username}\0{secret}".encode()).decode()
            self._ask(f"AUTH PLAIN {both}", Phase.LOGIN)
        elif "LOGIN" in offered:
            self._ask(f"AUTH LOGIN {name}", Phase.LOGIN, consent=334)
            self._ask(word, Phase.LOGIN)
        else:
            raise _lacks("AUTH PLAIN or LOGIN")

    def offer(self, size: int, sender: str, recipient: str, *, eight_bit: bool) -> None:
        """Everything up to the server's "go ahead"."""
        options = f" SIZE={size}" if self.smtp.has_extn("size") else ""
        if eight_bit and self.smtp.has_extn("8bitmime"):
            options += " BODY=8BITMIME"
        if not (sender + recipient).isascii():
            if not self.smtp.has_extn("smtputf8"):
                raise Refused(RefusedWhat.RECIPIENT, code=553, status="5.6.7",
                              text="the server cannot carry this address (no SMTPUTF8)")  # fmt: skip
            options += " SMTPUTF8"
            self.smtp.command_encoding = "utf-8"
        self._ask(f"MAIL FROM:<{sender}>{options}", Phase.SENDER)
        self._ask(f"RCPT TO:<{recipient}>", Phase.RECIPIENT)
        self._ask("DATA", Phase.MESSAGE, consent=354)
        self._patiently()

    def hand_over(self, seconds: float) -> Accepted:
        """Write the final dot and read its answer: the window in which nobody knows."""
        try:
            if self.smtp.sock:
                self.smtp.sock.settimeout(seconds)
            self.smtp.send(b".\r\n")
            code, said = self.smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise Unanswered(
                f"The mail server was given the whole mail and did not answer: {_plain(error)}."
            ) from error
        text = mask(said.decode("utf-8", "replace"))
        if 200 <= code < 300:
            return Accepted(answer=f"{code} {text}")
        if 400 <= code < 600:
            raise refusal(Phase.MESSAGE, code, text)
        raise Unanswered(f"The mail server's answer to the mail makes no sense: {code} {text}.")

    def leave(self) -> None:
        """QUIT if that is quick; whatever it answers changes nothing."""
        with contextlib.suppress(smtplib.SMTPException, OSError):
            if self.smtp.sock:
                self.smtp.sock.settimeout(_FAREWELL)
                self.smtp.quit()
        self.smtp.close()

    def _ask(self, line: str, phase: Phase, *, consent: int = 200) -> None:
        self._patiently()
        self._expect(self.smtp.docmd(line), phase, consent=consent)

    def _expect(self, reply: Reply, phase: Phase, *, consent: int = 200) -> None:
        code, text = reply
        if code != consent and not (consent == 200 and 200 <= code < 300):
            raise refusal(phase, code, text.decode("utf-8", "replace"))

    def _patiently(self) -> None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("it took too long to get to the mail")
        if self.smtp.sock:
            self.smtp.sock.settimeout(min(_STEP, left))


@contextlib.contextmanager
def _certain(server: MailServer) -> Generator[None]:
    """Trouble on the line is Transient in here, for nothing was handed over."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        raise refusal(Phase.HELLO, error.smtp_code, text) from None
    except (smtplib.SMTPException, OSError) as error:
        where = f"smtp: {server.host}:{server.port}"
        raise Transient(f"{where}: {_plain(error)}.") from error


def _lacks(what: str) -> Refused:
    """A server without it answers 502 to whoever asks nevertheless."""
    return Refused(
        RefusedWhat.MAILBOX, code=502, status="5.5.1", text=f"the server does not offer {what}"
    )


def _plain(error: BaseException) -> str:
    return mask(" ".join(str(error).split())).rstrip(".") or type(error).__name__


def _stuffed(mail: bytes) -> bytes:
    """A mail as DATA wants it: CRLF line ends throughout, dots doubled, and no final dot."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", mail)
    ended = lines if lines.endswith(b"\r\n") or not lines else lines + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended)
