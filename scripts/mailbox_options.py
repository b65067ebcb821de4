"""What `outrider mailboxes` is told, checked: an error names the option and the fix."""

import os
import sys
import zoneinfo

from schemas.addresses import normalize
from schemas.errors import Permanent


def address(text: str) -> str:
    """The one spelling of an address. Raises Permanent."""
    try:
        return normalize(text)
    except ValueError as error:
        raise Permanent(f"email: {text!r} {error}") from None


def server(option: str, text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`. Raises Permanent."""
    host, _, port = text.strip().rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise Permanent(f"{option}: {text!r} is not HOST:PORT, e.g. mail.example.com:465.")
    return host.removeprefix("[").removesuffix("]"), int(port)


def zone(text: str) -> str:
    """An IANA zone. Raises Permanent."""
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise Permanent(f"--timezone: {text!r} is no IANA zone; try Europe/Berlin.") from None
    return text


def password(*, from_stdin: bool, variable: str | None) -> str | None:
    """The password from where the caller says, None when it says nothing. Raises Permanent.

    Never an argument: those stand in the list of processes and in the shell's history.
    """
    if from_stdin and variable:
        raise Permanent("--password-stdin and --password-env: give one of them.")
    if from_stdin:
        found = sys.stdin.readline().rstrip("\r\n")
    elif variable:
        found = os.environ.get(variable, "")
    else:
        return None
    if not found:
        where = "standard input" if from_stdin else f"the environment variable {variable}"
        raise Permanent(f"password: {where} holds none.")
    return found
