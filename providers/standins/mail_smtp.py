"""The SMTP half of the mail stand-in (RFC 5321, 4954, 3207, 1870, 6152, 6531), as strict as a real one.

Refuses to relay for strangers, to send for somebody else's address, and lines that end in a bare LF.
"""

import asyncio
import base64
import binascii
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from providers.standins.mail_store import Account, Store

LONGEST_LINE = 1 << 20
_LARGEST = 35_882_577
_PATH = re.compile(r"(?:FROM|TO):\s*<([^<>]*)>(?:\s+(.*))?", re.IGNORECASE)


class HungUp(Exception):
    """The line goes dead, as the spec asks."""


@dataclass(slots=True)
class SmtpSession:
    """One conversation."""

    store: Store
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    tls: ssl.SSLContext | None
    greeted: bool = False
    user: Account | None = None
    sender: str | None = None
    utf8: bool = False
    recipients: list[str] = field(default_factory=list[str])

    async def serve(self) -> None:
        """Talk until the other side leaves."""
        try:
            await self._say("220 standin.test ESMTP")
            while line := await self.reader.readline():
                if not await self._command(line):
                    break
        except (ConnectionError, HungUp, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            self.writer.close()

    async def _say(self, *lines: str) -> None:
        last = len(lines) - 1
        text = (
            f"{line[:3]}{' ' if n == last else '-'}{line[4:]}\r\n" for n, line in enumerate(lines)
        )
        self.writer.write("".join(text).encode("utf-8"))
        await self.writer.drain()

    async def _command(self, line: bytes) -> bool:
        """Answer one line; False after QUIT."""
        verb, _, rest = line.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
        answers: dict[str, Callable[[str], Awaitable[None]]] = {
            "EHLO": self._ehlo, "HELO": self._helo, "AUTH": self._auth, "MAIL": self._mail,
            "RCPT": self._rcpt, "DATA": self._data, "STARTTLS": self._starttls, "RSET": self._rset,
            "NOOP": self._noop,
        }  # fmt: skip
        if verb.upper() == "QUIT":
            await self._say("221 2.0.0 Bye")
            return False
        answer = answers.get(verb.upper())
        await (answer(rest) if answer else self._say("502 5.5.2 Command not recognized"))
        return True

    async def _ehlo(self, _rest: str) -> None:
        self._reset()
        self.greeted = True
        offers = [f"SIZE {_LARGEST}", "8BITMIME", "SMTPUTF8", "PIPELINING",
                  "ENHANCEDSTATUSCODES", "AUTH PLAIN LOGIN"]  # fmt: skip
        if self.tls and not self.writer.get_extra_info("ssl_object"):
            offers.append("STARTTLS")
        await self._say("250 standin.test", *(f"250 {offer}" for offer in offers))

    async def _helo(self, _rest: str) -> None:
        self._reset()
        self.greeted = True
        await self._say("250 standin.test")

    async def _noop(self, _rest: str) -> None:
        await self._say("250 2.0.0 Ok")

    async def _rset(self, _rest: str) -> None:
        self._reset()
        await self._say("250 2.0.0 Ok")

    def _reset(self) -> None:
        self.sender, self.utf8, self.recipients = None, False, []

    async def _starttls(self, _rest: str) -> None:
        if self.tls is None:
            await self._say("502 5.5.1 Not offered")
            return
        await self._say("220 2.0.0 Go ahead")
        await self.writer.start_tls(self.tls)
        self._reset()
        self.greeted, self.user = False, None

    async def _auth(self, rest: str) -> None:
        how, _, initial = rest.partition(" ")
        if not self.greeted or self.user or self.sender is not None:
            await self._say("503 5.5.1 Not now")
            return
        if how.upper() == "PLAIN":
            text = _decoded(initial) if initial else await self._ask("")
            name, _, password = text.partition("\0")[2].partition("\0")
        elif how.upper() == "LOGIN":
            name = _decoded(initial) if initial else await self._ask("Username:")
            password = await self._ask("Password:")
        else:
            await self._say("504 5.5.4 Unrecognized authentication type")
            return
        self.user = self.store.login(name, password)
        await self._say("235 2.7.0 Welcome" if self.user else "535 5.7.8 Authentication credentials invalid")  # fmt: skip

    async def _ask(self, question: str) -> str:
        await self._say("334 " + base64.b64encode(question.encode()).decode())
        return _decoded((await self.reader.readline()).decode("ascii", "replace").strip())

    async def _mail(self, rest: str) -> None:
        path = _PATH.fullmatch(rest.strip())
        if not self.greeted or self.sender is not None:
            await self._say("503 5.5.1 Bad sequence of commands")
        elif not path:
            await self._say("501 5.5.4 Syntax: MAIL FROM:<address>")
        elif self.user and path[1].lower() != self.user.email.lower():
            await self._say(f"553 5.7.1 <{path[1]}>: Sender address rejected: not owned by user {self.user.email}")  # fmt: skip
        else:
            await self._from(str(path[1]), str(path[2] or "").upper().split())

    async def _from(self, sender: str, options: list[str]) -> None:
        size = "".join(one.removeprefix("SIZE=") for one in options if one.startswith("SIZE="))
        if size.isdecimal() and int(size) > _LARGEST:
            await self._say("552 5.3.4 Message size exceeds fixed limit")
            return
        self.sender, self.utf8 = sender, "SMTPUTF8" in options
        await self._say("250 2.1.0 Ok")

    async def _rcpt(self, rest: str) -> None:
        path = _PATH.fullmatch(rest.strip())
        if self.sender is None:
            await self._say("503 5.5.1 Error: need MAIL command")
        elif not path or "@" not in path[1]:
            await self._say("501 5.1.3 Bad recipient address syntax")
        elif not path[1].isascii() and not self.utf8:
            await self._say("553 5.6.7 Address needs SMTPUTF8")
        elif not self.user and path[1].lower() not in self.store.accounts:
            await self._say(f"554 5.7.1 <{path[1]}>: Relay access denied")
        elif refusal := self.store.refusal(path[1]):
            await self._say(refusal)
        else:
            self.recipients.append(path[1])
            await self._say("250 2.1.5 Ok")

    async def _data(self, _rest: str) -> None:
        if self.sender is None or not self.recipients:
            await self._say("503 5.5.1 Bad sequence of commands")
            return
        await self._say("354 End data with <CR><LF>.<CR><LF>")
        lines: list[bytes] = []
        while (line := await self.reader.readline()) != b".\r\n":
            if not line:
                raise HungUp
            lines.append(line.removeprefix(b"."))
        await self._say(self._answer(lines))
        self._reset()

    def _answer(self, lines: list[bytes]) -> str:
        assert self.sender is not None
        if any(not line.endswith(b"\r\n") for line in lines):
            return "521 5.5.2 Bare <LF> received"
        dead = self.store.hangs_up(self.recipients)
        if dead == "before":
            raise HungUp
        number = self.store.take(self.sender, self.recipients, b"".join(lines), self.user)
        if dead == "after":
            raise HungUp
        return f"250 2.0.0 Ok: queued as {number}"


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
