"""What both mail protocols need before a login: the password, and a line that may carry it.

Refuses to talk in the clear to anybody but this very machine.
"""

import ipaddress
import socket

from providers.ports import MailServer
from schemas.enums import MailSecurity
from schemas.errors import Permanent, Transient
from telemetry.secrets import CannotOpen, Keyring


def refuse_in_the_clear(server: MailServer) -> None:
    """Raises Permanent for a server without TLS that is not on loopback."""
    if server.security is MailSecurity.NONE and not _is_loopback(server.host):
        raise Permanent(
            f"security: {server.host} would be spoken to in the clear; use tls or starttls."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def send_at_once(sock: socket.socket | None) -> None:
    """No waiting for an acknowledgement between two small writes (Nagle): 40 ms for nothing."""
    if sock is not None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def password(keyring: Keyring, server: MailServer) -> str:
    """The server's secret, opened where it is used and nowhere else.

    Raises Transient when our keys do not open it: the right key may be configured tomorrow.
    """
    if server.secret is None:
        return ""
    try:
        return keyring.open(server.secret.box, server.secret.purpose).decode("utf-8")
    except CannotOpen as error:
        raise Transient(str(error)) from None
