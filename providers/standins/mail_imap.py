"""The IMAP half of the mail stand-in: what a reader needs of RFC 3501, and IDLE (RFC 2177).

Keeps the standard's traps: `n:*` always names the last mail. Refuses whatever would change a folder.
"""

import asyncio
import base64
import binascii
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from providers.standins.imap_words import BadCommand, in_set, matches, part, words
from providers.standins.mail_store import Account, Folder, Store, Stored

Answer: TypeAlias = Callable[[str], Awaitable[str]]


class Over(Exception):
    """The conversation has ended."""


@dataclass(slots=True)
class ImapSession:
    """One conversation."""

    store: Store
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    tls: ssl.SSLContext | None
    user: Account | None = None
    folder: Folder | None = None
    told: int = 0
    """How many mails the client knows to be in its folder."""

    async def serve(self) -> None:
        """Talk until the other side leaves."""
        self._say("* OK [CAPABILITY " + self._offers() + "] standin.test ready")
        try:
            while True:
                await self.writer.drain()
                await self._command()
        except (ConnectionError, Over, ValueError, asyncio.IncompleteReadError):
            pass
        finally:
            self.writer.close()

    def _say(self, text: str, literal: bytes | None = None, after: str = "") -> None:
        tail = b"" if literal is None else b"{%d}\r\n%b%b" % (len(literal), literal, after.encode())
        self.writer.write(text.encode("utf-8") + tail + b"\r\n")

    def _offers(self) -> str:
        starttls = self.tls and not self.writer.get_extra_info("ssl_object")
        return "IMAP4rev1 IDLE AUTH=PLAIN" + (" STARTTLS" if starttls else "")

    async def _line(self) -> str:
        """One command, its literals turned into quoted strings."""
        text = ""
        while True:
            line = await self.reader.readline()
            if not line:
                raise Over
            text += line.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
            if not text.endswith("}"):
                return text
            text, _, size = text.rpartition("{")
            self._say("+ Ready")
            await self.writer.drain()
            literal = await self.reader.readexactly(int(size.rstrip("+}")))
            safe = literal.decode("utf-8", "replace").replace("\\", "\\\\").replace('"', '\\"')
            text += f'"{safe}"'

    async def _command(self) -> None:
        tag, _, rest = (await self._line()).partition(" ")
        verb, _, rest = rest.partition(" ")
        if verb.upper() == "UID":
            verb, _, rest = rest.partition(" ")
            verb = f"UID {verb}"
        answer = self._answers().get(verb.upper())
        try:
            done = await answer(rest) if answer else "BAD Unknown command"
        except BadCommand as error:
            done = f"BAD {error}"
        self._tell()
        self._say(f"{tag} {done}")
        if verb.upper() == "LOGOUT":
            raise Over
        if verb.upper() == "STARTTLS" and self.tls and done.startswith("OK"):
            await self.writer.drain()
            await self.writer.start_tls(self.tls)

    def _answers(self) -> dict[str, Answer]:
        anybody: dict[str, Answer] = {"CAPABILITY": self._capability, "NOOP": self._noop, "LOGOUT": self._logout,
                   "LOGIN": self._login, "AUTHENTICATE": self._authenticate,
                   "STARTTLS": self._starttls}  # fmt: skip
        known: dict[str, Answer] = {"SELECT": self._select, "EXAMINE": self._select, "STATUS": self._status,
                 "LIST": self._list}  # fmt: skip
        inside: dict[str, Answer] = {"UID SEARCH": self._uid_search, "SEARCH": self._search, "IDLE": self._idle,
                  "UID FETCH": self._uid_fetch, "FETCH": self._fetch, "CLOSE": self._close,
                  "CHECK": self._noop}  # fmt: skip
        return anybody | (known if self.user else {}) | (inside if self.folder else {})

    def _tell(self) -> None:
        if self.folder and len(self.folder.mails) != self.told:
            self.told = len(self.folder.mails)
            self._say(f"* {self.told} EXISTS")

    async def _capability(self, _rest: str) -> str:
        self._say("* CAPABILITY " + self._offers())
        return "OK Done"

    async def _noop(self, _rest: str) -> str:
        return "OK Done"

    async def _starttls(self, _rest: str) -> str:
        return "OK Begin TLS" if self.tls else "BAD Not offered"

    async def _logout(self, _rest: str) -> str:
        self._say("* BYE Farewell")
        return "OK Done"

    async def _login(self, rest: str) -> str:
        name, password = (*words(rest), "", "")[:2]
        return self._enter(name, password)

    async def _authenticate(self, rest: str) -> str:
        if rest.upper() != "PLAIN":
            return "NO Unsupported mechanism"
        self._say("+ ")
        await self.writer.drain()
        try:
            answer = base64.b64decode((await self.reader.readline()).strip(), validate=True)
        except binascii.Error:
            return "BAD Invalid base64"
        name, _, password = answer.decode("utf-8", "replace").partition("\0")[2].partition("\0")
        return self._enter(name, password)

    def _enter(self, name: str, password: str) -> str:
        self.user = self.store.login(name, password)
        return "OK Logged in" if self.user else "NO [AUTHENTICATIONFAILED] Invalid credentials"

    def _named(self, name: str) -> Folder | None:
        assert self.user
        exact = "INBOX" if name.upper() == "INBOX" else name
        return self.store.folders.get((self.user.email.lower(), exact))

    async def _select(self, rest: str) -> str:
        self.folder = self._named((*words(rest), "")[0])
        if self.folder is None:
            return "NO [NONEXISTENT] Unknown mailbox"
        self.told = len(self.folder.mails)
        self._say("* FLAGS (\\Seen)")
        self._say(f"* {self.told} EXISTS")
        self._say("* 0 RECENT")
        self._say(f"* OK [UIDVALIDITY {self.folder.uid_validity}] UIDs valid")
        self._say(f"* OK [UIDNEXT {self.folder.uid_next}] Predicted next UID")
        return "OK [READ-ONLY] Done"

    async def _close(self, _rest: str) -> str:
        self.folder = None
        return "OK Done"

    async def _status(self, rest: str) -> str:
        name, *asked = (word for word in words(rest) if word not in "()")
        folder = self._named(name)
        if folder is None:
            return "NO [NONEXISTENT] Unknown mailbox"
        facts = {"MESSAGES": len(folder.mails), "UIDNEXT": folder.uid_next, "RECENT": 0,
                 "UIDVALIDITY": folder.uid_validity, "UNSEEN": len(folder.mails)}  # fmt: skip
        told = " ".join(
            f"{one.upper()} {facts[one.upper()]}" for one in asked if one.upper() in facts
        )
        self._say(f'* STATUS "{name}" ({told})')
        return "OK Done"

    async def _list(self, _rest: str) -> str:
        for name, flag in (("INBOX", "\\HasNoChildren"), ("Sent", "\\Sent")):
            self._say(f'* LIST ({flag}) "/" "{name}"')
        return "OK Done"

    async def _uid_search(self, rest: str) -> str:
        return self._found(rest, uid=True)

    async def _search(self, rest: str) -> str:
        return self._found(rest, uid=False)

    def _found(self, rest: str, *, uid: bool) -> str:
        assert self.folder
        wanted = words(rest)
        if wanted[:1] and wanted[0].upper() == "CHARSET":
            wanted = wanted[2:]
        found = matches(self.folder.mails, wanted)
        numbers = ((mail.uid if uid else number) for number, mail in found)
        self._say(" ".join(["* SEARCH", *map(str, numbers)]))
        return "OK Done"

    async def _uid_fetch(self, rest: str) -> str:
        return await self._give(rest, uid=True)

    async def _fetch(self, rest: str) -> str:
        return await self._give(rest, uid=False)

    async def _give(self, rest: str, *, uid: bool) -> str:
        assert self.folder
        wanted, _, what = rest.partition(" ")
        items = [item.upper() for item in words(what) if item not in "()"]
        for number, mail in in_set(self.folder.mails, wanted, uid=uid):
            self._one(number, mail, items if not uid or "UID" in items else ["UID", *items])
            await self.writer.drain()
        return "OK Done"

    def _one(self, number: int, mail: Stored, items: list[str]) -> None:
        told = b" ".join([part(mail, item) for item in items])  # BadCommand before a byte is out
        self.writer.write(b"* %d FETCH (%b)\r\n" % (number, told))

    async def _idle(self, _rest: str) -> str:
        assert self.folder
        folder, bell = self.folder, asyncio.Event()
        folder.listeners.add(bell)
        line = asyncio.ensure_future(self.reader.readline())
        try:
            self._say("+ idling")
            while not line.done():
                self._tell()
                await self.writer.drain()
                ring = asyncio.ensure_future(bell.wait())
                await asyncio.wait({line, ring}, return_when=asyncio.FIRST_COMPLETED)
                ring.cancel()
                bell.clear()
        finally:
            folder.listeners.discard(bell)
            line.cancel()
        if not line.result():
            raise Over
        return "OK Idle ended" if line.result().strip().upper() == b"DONE" else "BAD Expected DONE"
