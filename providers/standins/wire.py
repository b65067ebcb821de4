"""HTTP/1.1 on loopback for stand-ins that answer in JSON: one thread, kept connections, lost answers."""

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncGenerator, Generator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

_LONGEST = 4 * 1024 * 1024  # bytes of a request

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, a body and headers; `lost`: the caller gets none of it."""

    status: int
    body: Json
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    lost: bool = False


class Api(Protocol):
    """What a vendor's API answers, apart from the wire."""

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """One request; header names in lower case."""
        ...


@dataclass(frozen=True, slots=True)
class Server:
    """One task per connection, one request after the other."""

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
    body = json.dumps(reply.body).encode()
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
def serving(api: Api) -> Generator[str]:
    """Serve `api` on a thread until the block ends; its base URL."""
    started, stop, loops = threading.Event(), asyncio.Event(), list[asyncio.AbstractEventLoop]()
    ports: list[int] = []

    async def serve() -> None:
        async with listening(api) as port:
            loops.append(asyncio.get_running_loop())
            ports.append(port)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="stand-in", daemon=True)
    thread.start()
    if not started.wait(timeout=10):
        raise RuntimeError("The stand-in did not start within 10 s.")
    try:
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(timeout=10)
