"""Reads a mailbox over IMAP (RFC 3501) with EXAMINE and PEEK, so nothing in it ever changes.

Refuses to hold more than one page in memory: a mail above the limit comes as its header only.
"""

import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable, Generator, Iterator
from typing import cast

import imap_tools

from providers.imap_ears import ImapEar
from providers.mail_logins import password, refuse_in_the_clear, send_at_once
from providers.ports import Cursor, Fetched, MailServer
from schemas.enums import MailSecurity
from schemas.errors import NeedsReauth, Permanent, Transient
from telemetry.secrets import Keyring
from telemetry.spoken import mask

TRUNCATED = "X-Outrider-Truncated"
"""The header that marks a mail whose body was left on the server; its value is the whole size."""

_TIMEOUT = 30.0
_UID = re.compile(rb"\bUID (\d+)", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)", re.IGNORECASE)
_PASSING = re.compile(
    r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG|OVERQUOTA)\]|too many", re.IGNORECASE
)
"""A NO that is not about us (RFC 5530), and what Gmail says to one connection too many."""


class Imap:
    """A `MailReader`; one connection per call, closed before it returns. Thread-safe."""

    def __init__(
        self,
        keyring: Keyring,
        *,
        max_bytes: int,
        timeout: float = _TIMEOUT,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """`trust` replaces the machine's certificate authorities; `timeout` is per answer."""
        self._keyring = keyring
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._trust = trust or ssl.create_default_context()

    def fetch(
        self, server: MailServer, folder: str, after: Cursor | None, *, limit: int
    ) -> Fetched:
        """As the port says; a page also ends once it holds the size limit of one mail."""
        with self._opened(server, folder) as (box, validity):
            known = after.last_uid if after and after.uid_validity == validity else 0
            # RFC 3501: `n:*` always names the last mail, however small its UID.
            uids = sorted(
                uid for uid in map(int, box.uids(f"UID {known + 1}:*", None)) if uid > known
            )
            sizes = _sizes(box, uids[:limit])
            page = list(_fitting(uids[:limit], sizes, self._max_bytes))
            mails = tuple(self._mails(box, page, sizes))
            return Fetched(
                mails, Cursor(validity, page[-1] if page else known), more=len(page) < len(uids)
            )

    def find(self, server: MailServer, folder: str, message_id: str) -> bool:
        """As the port says."""
        with self._opened(server, folder) as (box, _):
            wanted = imap_tools.AND(header=imap_tools.H("Message-ID", message_id))
            return bool(box.uids(wanted, None))

    @contextlib.contextmanager
    def listen(self, server: MailServer, folder: str) -> Generator[ImapEar]:
        """As the port says."""
        with self._opened(server, folder) as (box, _), contextlib.closing(ImapEar(box)) as ear:
            yield ear

    @contextlib.contextmanager
    def _opened(
        self, server: MailServer, folder: str
    ) -> Generator[tuple[imap_tools.BaseMailBox, int]]:
        """A folder that cannot be changed, and its UIDVALIDITY."""
        refuse_in_the_clear(server)
        secret = password(self._keyring, server)
        if server.username is None:
            raise Permanent("username: reading a mailbox needs one, and its password.")
        with _told(server):
            box = self._connect(server)
            try:
                send_at_once(box.client.sock)
                if server.security is MailSecurity.STARTTLS:
                    box.client.starttls(self._trust)
                _login(box, server.username, secret)
                yield box, _examine(box, folder)
            finally:
                _leave(box)

    def _connect(self, server: MailServer) -> imap_tools.BaseMailBox:
        where, patience = (server.host, server.port), self._timeout
        if server.security is MailSecurity.TLS:
            return imap_tools.MailBox(*where, timeout=patience, ssl_context=self._trust)
        return imap_tools.MailBoxUnencrypted(*where, timeout=patience)

    def _mails(
        self, box: imap_tools.BaseMailBox, uids: list[int], sizes: dict[int, int]
    ) -> Iterator[bytes]:
        small = [uid for uid in uids if sizes[uid] <= self._max_bytes]
        whole = _bodies(box, small, "(UID BODY.PEEK[])")
        for uid in uids:
            if uid in whole:
                yield whole[uid]
            elif sizes[uid] > self._max_bytes:
                heads = _bodies(box, [uid], f"(UID BODY.PEEK[HEADER]<0.{self._max_bytes}>)")
                if uid in heads:
                    yield f"{TRUNCATED}: {sizes[uid]}\r\n".encode() + heads[uid]


def _login(box: imap_tools.BaseMailBox, username: str, secret: str) -> None:
    ascii_only = (username + secret).isascii()
    try:
        if ascii_only:
            box.login(username, secret, initial_folder=None)
        else:
            box.login_utf8(username, secret, initial_folder=None)
    except imap_tools.MailboxLoginError as error:
        raise _refused("the login", _said(error), NeedsReauth) from None
    except imaplib.IMAP4.error as error:
        if isinstance(error, imaplib.IMAP4.abort):
            raise
        raise _refused("the login", str(error), NeedsReauth) from None


def _examine(box: imap_tools.BaseMailBox, folder: str) -> int:
    try:
        box.folder.set(folder, readonly=True)  # pyright: ignore[reportUnknownMemberType]
    except imap_tools.MailboxFolderSelectError as error:
        raise _refused(f"the folder {folder!r}", _said(error)) from None
    answers: list[bytes | None] = box.client.response("UIDVALIDITY")[1]
    if not answers or not answers[-1]:
        raise Permanent(
            f"imap: the folder {folder!r} has no UIDVALIDITY, so no place to go on from."
        )
    return int(answers[-1])


def _refused(what: str, said: str, kind: type[Permanent] = Permanent) -> Permanent | Transient:
    text = f"imap: the server refused {what}: {mask(said).rstrip('.')}."
    return Transient(text) if _PASSING.search(said) else kind(text)


def _said(error: imap_tools.UnexpectedCommandStatusError) -> str:
    status, lines = cast("tuple[str, list[object]]", error.command_result)
    texts = (line.decode("utf-8", "replace") for line in lines if isinstance(line, bytes))
    return " ".join(texts) or status


@contextlib.contextmanager
def _told(server: MailServer) -> Generator[None]:
    """Whatever the line or the protocol does is Transient."""
    try:
        yield
    except (imaplib.IMAP4.error, imap_tools.ImapToolsError, OSError) as error:
        text = mask(" ".join(str(error).split())).rstrip(".") or type(error).__name__
        raise Transient(f"imap: {server.host}:{server.port}: {text}.") from error


def _leave(box: imap_tools.BaseMailBox) -> None:
    """LOGOUT if the line still works, and in any case no open socket."""
    with contextlib.suppress(imaplib.IMAP4.error, imap_tools.ImapToolsError, OSError):
        box.client.sock.settimeout(2)
        box.logout()  # pyright: ignore[reportUnknownMemberType]
    with contextlib.suppress(OSError):
        box.client.shutdown()


def _sizes(box: imap_tools.BaseMailBox, uids: list[int]) -> dict[int, int]:
    """Bytes by UID; 0 for a mail that was expunged meanwhile."""
    return dict.fromkeys(uids, 0) | {
        int(uid[1]): int(size[1])
        for line, _ in _fetched(box, uids, "(UID RFC822.SIZE)")
        if (uid := _UID.search(line)) and (size := _SIZE.search(line))
    }


def _fitting(uids: list[int], sizes: dict[int, int], budget: int) -> Iterator[int]:
    """The first UIDs whose mails fit a page together, at least one."""
    used = 0
    for uid in uids:
        used += min(sizes[uid], budget)
        if used > budget and uid != uids[0]:
            return
        yield uid


def _bodies(box: imap_tools.BaseMailBox, uids: list[int], what: str) -> dict[int, bytes]:
    return {
        int(uid[1]): body
        for line, body in _fetched(box, uids, what)
        if body is not None and (uid := _UID.search(line))
    }


def _fetched(
    box: imap_tools.BaseMailBox, uids: list[int], what: str
) -> Iterator[tuple[bytes, bytes | None]]:
    """One pair per mail: its response without the literal, and the literal if there is one."""
    if not uids:
        return
    ask: Callable[..., tuple[str, list[object]]] = box.client.uid
    status, answers = ask("FETCH", ",".join(map(str, uids)), what)
    if status != "OK":
        raise Transient(f"imap: the server refused to give mails: {mask(str(answers))}.")
    line, body = b"", None
    for answer in answers:
        # imaplib gives (text before a literal, literal), and what stands after one by itself.
        if isinstance(answer, tuple):
            line, body = cast("tuple[bytes, bytes]", answer)
        elif isinstance(answer, bytes):
            yield line + answer, body
            line, body = b"", None
