"""HubSpot on loopback: its contacts API over HTTP, with its traps, and an archive of every write.

`python -m providers.standins.hubspot --archive FILE --die-with-parent [--traps lost=7,throttle=5]`
prints one JSON line with its port, `{"http": port}`, and runs until SIGTERM. The archive's lines are
described in `hubspot_store`, the traps in `hubspot_traps.Traps`.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TextIO

from providers.standins.hubspot_api import Api, Reply, encode
from providers.standins.hubspot_store import Store
from providers.standins.hubspot_traps import Traps

_LONGEST = 4 * 1024 * 1024  # bytes of a request


@dataclass(frozen=True, slots=True)
class Server:
    """HTTP/1.1 with kept connections; one task per connection, one request after the other."""

    api: Api

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests on one connection until the other side leaves, or an answer is lost."""
        try:
            while not (reply := await self._one(reader)).lost:
                writer.write(_wire(reply))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader) -> Reply:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        start, *lines = head.split("\r\n")
        method, target, *_ = start.split(" ")
        pairs = (line.partition(":") for line in lines if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        size = int(headers.get("content-length", "0"))
        if size > _LONGEST:
            return Reply(413, {"status": "error", "message": "Request Entity Too Large"})
        body = await reader.readexactly(size)
        return self.api.answer(method, target.partition("?")[0], headers, body)


def _wire(reply: Reply) -> bytes:
    body = encode(reply.body)
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    lines += ["Content-Type: application/json;charset=utf-8", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@contextlib.asynccontextmanager
async def listening(api: Api, port: int = 0) -> AsyncGenerator[int]:
    """Serve `api` inside this block; the port."""
    talks: set[asyncio.Task[None]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        talks.add(task)
        with contextlib.suppress(asyncio.CancelledError):  # the end, which is no accident
            await Server(api).serve(reader, writer)
        talks.discard(task)

    server = await asyncio.start_server(tracked, "127.0.0.1", port, limit=_LONGEST, backlog=128)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


@contextlib.contextmanager
def hubspot(api: Api) -> Generator[str]:
    """Serve `api` on a thread until the block ends; its base URL."""
    started, stop, loops = threading.Event(), asyncio.Event(), list[asyncio.AbstractEventLoop]()
    ports: list[int] = []

    async def serve() -> None:
        async with listening(api) as port:
            loops.append(asyncio.get_running_loop())
            ports.append(port)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="hubspot", daemon=True)
    thread.start()
    if not started.wait(timeout=10):
        raise RuntimeError("The CRM did not start within 10 s.")
    try:
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(timeout=10)


async def run(api: Api, port: int, orphaned: Callable[[], bool]) -> None:
    """Serve until SIGTERM or SIGINT, or until `orphaned` says that nobody needs us."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with listening(api, port) as heard:
        print(json.dumps({"http": heard}), flush=True)  # noqa: T201  (the one line that the caller reads)
        while not stop.is_set() and not orphaned():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.2)


def main() -> None:
    """Read the command line and serve."""
    options = argparse.ArgumentParser(description="A stand-in for HubSpot's contacts.")
    options.add_argument("--port", type=int, default=0, help="0: any free one")
    options.add_argument("--archive", type=Path, default=Path(os.devnull), help="one JSON line per contact written")  # fmt: skip
    options.add_argument("--traps", type=Traps.parse, default=Traps(), help="e.g. lost=7,throttle=5,partial=9")  # fmt: skip
    options.add_argument("--token", help="the only token taken; any, when not given")
    options.add_argument("--seed", type=int, default=1, help="of the order of answers")
    options.add_argument("--die-with-parent", action="store_true", help="end with who started us")
    given = options.parse_args()
    parent = os.getppid()

    def orphaned() -> bool:
        return given.die_with_parent and os.getppid() != parent

    with given.archive.open("a", encoding="utf-8") as archive:
        asyncio.run(run(_api(given, archive), given.port, orphaned))


def _api(given: argparse.Namespace, archive: TextIO) -> Api:
    return Api(Store(archive), given.traps, token=given.token, seed=given.seed)


if __name__ == "__main__":
    main()
