"""The process that holds the embedded servers. Refuses to outlive the process that started it.

Run as `python -m scripts.keeper FOLDER PARENT durable|fleeting`. One line of JSON on stdout says
where the servers are, or why not. It ends when its input closes or its parent is gone, and takes
the servers along: a process of its own can do that whichever thread started it, and without the
parent-death signal of Linux.
"""

import contextlib
import fcntl
import json
import os
import random
import select
import signal
import socket
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from scripts import embedded
from scripts.embedded import HOST
from scripts.server import Server, ServerFailed

_PORTS = range(15_000, 32_000)  # below every system's range for outgoing connections
_DYING = 5.0  # seconds that the previous holder of a folder gets to finish
_GLANCE = 0.25  # seconds between two looks at the parent


class _Build(Protocol):
    def __call__(self, *, port: int) -> Server: ...


@dataclass(frozen=True, slots=True)
class _Kept:
    """The servers of a folder, while they are kept."""

    servers: list[Server]
    lock: int
    urls: dict[str, str]

    def revive(self) -> None:
        """Start again, where it was, what died by itself; a server that will not is left down."""
        for server in self.servers:
            if server.process is not None and server.process.poll() is not None:
                with contextlib.suppress(ServerFailed):
                    server.start(keep=(self.lock,))


def main() -> int:
    """Keep the servers of one folder for as long as the parent lives; 1 when they cannot start."""
    folder, parent, mode = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    _leave_with(parent)
    try:
        with _servers(folder, parent, durable=mode == "durable") as kept:
            print(json.dumps(kept.urls), flush=True)
            while not select.select([sys.stdin], [], [], _GLANCE)[0]:
                kept.revive()
    except (ServerFailed, OSError) as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return 1
    return 0


@contextmanager
def _servers(folder: Path, parent: int, *, durable: bool) -> Generator[_Kept]:
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(folder, parent)
    # Whoever held this file before is gone, servers included: they inherit the lock. A process
    # that has the old number by chance must not stop Postgres from starting.
    (folder / "postgres" / "postmaster.pid").unlink(missing_ok=True)
    ports = _remembered(folder)
    servers: list[Server] = []
    with ExitStack() as stack:
        for name, make in (("postgres", embedded.postgres), ("valkey", embedded.valkey)):
            build = partial(make, folder, durable=durable)
            server = _start(stack, build, ports.get(name), lock)
            servers.append(server)
            ports[name] = server.port
        stack.callback(_stop_looking)
        (folder / "ports.json").write_text(json.dumps(ports))
        yield _Kept(servers, lock, embedded.urls(folder, ports))


def _start(stack: ExitStack, build: _Build, port: int | None, lock: int) -> Server:
    """Start a server on the port it had before if that is free; a lost race is tried once more."""
    for last in (False, True):
        server = build(port=_free_port(None if last else port))
        stack.callback(server.stop)
        try:
            server.start(keep=(lock,))
        except ServerFailed:
            if last or _is_free(server.port):
                raise
        else:
            return server
    raise AssertionError("the loop returns or raises")


def _lock(folder: Path, parent: int) -> int:
    """Take the folder. Raises ServerFailed naming it and the process that has it."""
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + _DYING
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = os.pread(handle, 20, 0).decode().strip() or "unknown"
                raise ServerFailed(
                    f"The servers of {folder} belong to process {holder}. "
                    "Stop it, or use another folder."
                ) from None
            time.sleep(0.05)
        else:
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{parent}\n".encode(), 0)
            return handle


def _remembered(folder: Path) -> dict[str, int]:
    """The ports of the last start; an unreadable file is no memory."""
    try:
        found: object = json.loads((folder / "ports.json").read_text())
    except (OSError, ValueError):
        return {}
    pairs = found.items() if isinstance(found, dict) else ()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return {str(name): port for name, port in pairs if isinstance(port, int)}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _free_port(wanted: int | None) -> int:
    if wanted is not None and _is_free(wanted):
        return wanted
    return next(port for port in random.sample(_PORTS, 200) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as both servers do
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _leave_with(parent: int) -> None:
    """From now on raise SystemExit, wherever we are, once the parent is gone or says goodbye."""

    def look(_number: int, _frame: object) -> None:
        if os.getppid() != parent or select.select([sys.stdin], [], [], 0)[0]:
            raise SystemExit(0)

    def leave(_number: int, _frame: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGALRM, look)
    signal.signal(signal.SIGTERM, leave)
    signal.setitimer(signal.ITIMER_REAL, _GLANCE, _GLANCE)


def _stop_looking() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
