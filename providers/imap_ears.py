"""Listening to one folder with IDLE (RFC 2177), without a gap between two waits.

The connection stays open and selected, so a server that was silent between two IDLEs says at the
next command what happened meanwhile. Refuses nothing.
"""

import contextlib
import imaplib
import socket
from datetime import timedelta
from typing import cast

import imap_tools

from schemas.errors import Transient


class ImapEar:
    """An `Ear` over one open connection; `wait` belongs to one thread, `close` to any."""

    def __init__(self, box: imap_tools.BaseMailBox) -> None:
        self._box = box
        self._closed = False

    def wait(self, *, at_most: timedelta) -> bool:
        """As the port says; a server without IDLE is asked again when the time is over."""
        try:
            return self._wait(at_most.total_seconds())
        except (imaplib.IMAP4.error, imap_tools.ImapToolsError, OSError) as error:
            raise Transient(f"imap: the connection that listens ended: {error}.") from error

    def _wait(self, seconds: float) -> bool:
        if self._closed:
            raise Transient("imap: the connection that listens was closed.")
        idle = self._box.idle
        idle.start()
        heard = self._buffered() or bool(idle.poll(timeout=seconds))
        between = cast("list[bytes | None]", idle.stop()[1])
        return heard or any(between)

    def _buffered(self) -> bool:
        """Whether something came along with "go ahead": it is read already, and wakes no poll."""
        sock = self._box.client.sock
        patience = sock.gettimeout()
        sock.settimeout(0)
        try:
            return bool(self._box.client.readline())
        except OSError:
            return False
        finally:
            sock.settimeout(patience)

    def close(self) -> None:
        """End a wait at once; idempotent."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._box.client.sock.shutdown(socket.SHUT_RDWR)
