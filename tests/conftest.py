"""What every test gets: servers of its own, and no way out of this machine."""

import ipaddress
import logging
import os
import shutil
import signal
import sys
from collections.abc import Iterator

import hypothesis
import pytest

pytest_plugins = (
    "tests.fix_services",
    "tests.fix_db",
    "tests.fix_states",
    "tests.fix_world",
    "tests.fix_lanes",
    "tests.fix_mail",
    "tests.fix_mail_servers",
    "tests.fix_outreach",
    "tests.fix_crm",
    "tests.fix_models",
    "tests.fix_vendors",
    "tests.fix_dead",
    "tests.fix_journey",
    "tests.fix_plans",
    "tests.fix_pooler",
)

# Two cores are shared by two test processes: a slow example says nothing about the code.
hypothesis.settings.register_profile("outrider", deadline=None)
hypothesis.settings.load_profile("outrider")

# What a shell starts in the background ignores Ctrl-C, and so would each child that a test sends one.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_LEAVING = {"socket.connect", "socket.sendto"}


@pytest.fixture(autouse=True)
def _same_handlers() -> Iterator[None]:
    """A command under test logs to the stream that its test captures, and that ends with the test."""
    root = logging.getLogger()
    before = root.handlers[:]
    yield
    root.handlers[:] = before


_PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/postfix/sbin"])


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, and say so, what needs a program that is not installed here."""
    for mark in item.iter_markers("needs"):
        for binary in mark.args:
            if shutil.which(binary, path=_PLACES) is None:
                pytest.skip(f"{binary} is not installed")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a test counted and a reader of the run wants to see (`record_property("printed", …)`)."""
    for report in [r for kind in ("passed", "failed") for r in terminalreporter.getreports(kind)]:
        for name, words in report.user_properties:
            if name == "printed" and report.when == "call":
                terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {words}")


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
