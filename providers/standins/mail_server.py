"""A real SMTP and IMAP server on loopback, with mailboxes in memory and an archive on disk.

`python -m providers.standins.mail_server --spec SPEC.json --archive FILE --die-with-parent` prints
one JSON line with its ports and runs until SIGTERM. SPEC.json is a `mail_store.Spec`. A mail for one
of its accounts lands in that INBOX, a mail for anybody else in the archive alone; strangers may
submit mail for accounts, and only accounts may send to the world.

    {"seq", "mail_from", "rcpt_to", "authenticated_as", "delivered", "raw_b64"}

is one line of the archive: one per mail and recipient, `delivered` when it landed in an INBOX here.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import ssl
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeVar

from providers.standins.mail_imap import ImapSession
from providers.standins.mail_smtp import LONGEST_LINE, SmtpSession
from providers.standins.mail_store import Spec, Store

R = TypeVar("R")


@contextlib.asynccontextmanager
async def listening(store: Store) -> AsyncGenerator[dict[str, int]]:
    """Serve `store` inside this block; the ports by name."""
    tls = _context(store.spec.certificate)

    async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await SmtpSession(store, reader, writer, tls).serve()

    async def imap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ImapSession(store, reader, writer, tls).serve()

    async with contextlib.AsyncExitStack() as stack:
        ports = {"smtp": await _open(stack, smtp), "imap": await _open(stack, imap)}
        if tls:
            ports |= {
                "smtps": await _open(stack, smtp, tls),
                "imaps": await _open(stack, imap, tls),
            }
        yield ports


async def _open(
    stack: contextlib.AsyncExitStack,
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    tls: ssl.SSLContext | None = None,
) -> int:
    conversations: set[asyncio.Task[None]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        conversations.add(task)
        try:
            await serve(reader, writer)
        finally:
            conversations.discard(task)

    async def end() -> None:
        server.close()
        for task in conversations:
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)

    server = await asyncio.start_server(
        tracked, "127.0.0.1", 0, limit=LONGEST_LINE, backlog=512, ssl=tls
    )
    stack.push_async_callback(end)
    return int(server.sockets[0].getsockname()[1])


def _context(certificate: str | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@dataclass(frozen=True, slots=True)
class Running:
    """The server as a thread of this process."""

    ports: dict[str, int]
    store: Store
    loop: asyncio.AbstractEventLoop

    def do(self, what: Callable[[Store], R]) -> R:
        """Run `what` where nothing else touches the store, and give its result."""

        async def there() -> R:
            return what(self.store)

        return asyncio.run_coroutine_threadsafe(there(), self.loop).result(timeout=10)


@contextlib.contextmanager
def mail_server(spec: Spec, archive: TextIO | None = None) -> Generator[Running]:
    """Serve `spec` on a thread until the block ends."""
    store, started, stop = Store(spec, archive), threading.Event(), asyncio.Event()
    running: list[Running] = []

    async def serve() -> None:
        async with listening(store) as ports:
            running.append(Running(ports, store, asyncio.get_running_loop()))
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="mail server", daemon=True)
    thread.start()
    if not started.wait(timeout=10):
        raise RuntimeError("The mail server did not start within 10 s.")
    try:
        yield running[0]
    finally:
        running[0].loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=10)


async def run(store: Store, orphaned: Callable[[], bool]) -> None:
    """Serve until SIGTERM or SIGINT, or until `orphaned` says that nobody needs us."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with listening(store) as ports:
        print(json.dumps(ports), flush=True)  # noqa: T201  (the one line that the caller reads)
        while not stop.is_set() and not orphaned():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.2)


def main() -> None:
    """Read the command line and serve."""
    options = argparse.ArgumentParser(description="A stand-in for mail servers.")
    options.add_argument("--spec", type=Path, required=True, help="who is at home, as JSON")
    options.add_argument(
        "--archive", type=Path, default=Path(os.devnull), help="all that was taken"
    )
    options.add_argument("--die-with-parent", action="store_true", help="end with who started us")
    given = options.parse_args()
    parent = os.getppid()
    spec = Spec.model_validate_json(given.spec.read_text("utf-8"))
    with given.archive.open("a", encoding="utf-8") as archive:
        asyncio.run(
            run(Store(spec, archive), lambda: given.die_with_parent and os.getppid() != parent)
        )


if __name__ == "__main__":
    main()
