"""What every test gets: servers of its own, and no way out of this machine."""

import ipaddress
import sys

import pytest

pytest_plugins = ("tests.fix_services", "tests.fix_db", "tests.fix_world")

_LEAVING = {"socket.connect", "socket.sendto"}


def _refuse_the_outside(event: str, arguments: tuple[object, ...]) -> None:
    """Fail the test that looks up or reaches a host other than this one; libpq is not seen here.

    An audit hook patches nothing, and `pytest.fail` is no `Exception`: code under test that
    treats a network error as ordinary cannot swallow it.
    """
    if event in _LEAVING:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a unix socket is a string
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_here(host):
        pytest.fail(f"A test tried to reach {host}. Tests reach servers on loopback only.")


def _is_here(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if not isinstance(name, str) or name in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return name.endswith(".localhost")


sys.addaudithook(_refuse_the_outside)
