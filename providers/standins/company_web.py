"""A web of company pages and its DNS, on loopback: an HTTP forward proxy and a resolver in one process.

`python -m providers.standins.company_web --seed N --log FILE` prints one JSON line with its ports and
runs until SIGTERM. Refuses tunnels (CONNECT), so every page is read over http and can be logged.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from providers.standins.companies import EXCHANGES, Company, Page, company, garbage, html

SLOW = 0.5  # seconds
_PHRASES = {200: "OK", 302: "Found", 400: "Bad Request", 404: "Not Found", 500: "Broken", 502: "No Tunnel"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    location: str | None = None

    def wire(self) -> bytes:
        """The reply as HTTP/1.1."""
        moved = f"Location: {self.location}\r\n" if self.location else ""
        head = (
            f"HTTP/1.1 {self.status} {_PHRASES[self.status]}\r\nContent-Type: {self.kind}\r\n"
            f"Content-Length: {len(self.body)}\r\n{moved}\r\n"
        )
        return head.encode("latin-1") + self.body


def reply(host: str, path: str, about: Company) -> Reply:
    """What the company's site answers to a GET of `path` on `host`."""
    if about.page == "moved" and not host.startswith("www."):
        return Reply(302, location=f"http://www.{host}/")
    odd: dict[Page, Reply] = {
        "elsewhere": Reply(302, location="http://parked.example/"),
        "garbage": Reply(200, garbage(about), kind="text/html"),
        "document": Reply(200, b"%PDF-1.7", kind="application/pdf"),
        "missing": Reply(404, f"<h1>No {path} here</h1>".encode("utf-8", "replace")),
        "failing": Reply(500, b"<h1>Out of order</h1>"),
    }
    return odd.get(about.page) or Reply(200, html(about))


@dataclass(frozen=True, slots=True)
class Web:
    """The forward proxy: one task per connection, one line in `log` per request."""

    seed: int
    log: TextIO

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests on one connection until the other side leaves."""
        try:
            while answer := await self._one(reader):
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader) -> bytes:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        start, *lines = head.split("\r\n")
        method, _, target = start.rpartition(" ")[0].partition(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}  # fmt: skip
        url = urlsplit(target)
        host = (url.hostname or target.partition(":")[0]) if method == "CONNECT" else url.hostname
        answer = await self._answer(method, host, url.path or "/")
        line = {"method": method, "host": host, "path": url.path, "status": answer.status, "key": headers.get("x-outrider-key"), "traceparent": headers.get("traceparent")}  # fmt: skip
        self.log.write(json.dumps(line) + "\n")
        return answer.wire()

    async def _answer(self, method: str, host: str | None, path: str) -> Reply:
        if method == "CONNECT":
            return Reply(502)
        if method != "GET" or not host:
            return Reply(400)
        about = company(host, self.seed)
        if about.page == "slow":
            await asyncio.sleep(SLOW)
        return reply(host, path, about)


class Names(asyncio.DatagramProtocol):
    """The resolver: MX, A and TXT of every domain, by the same seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return
        if self.transport and query.question:
            self.transport.sendto(answer(query, self.seed).to_wire(), addr)


def answer(query: dns.message.Message, seed: int) -> dns.message.Message:
    """The answer to the first question of a query."""
    question = query.question[0]
    name = question.name.to_text(omit_final_dot=True).lower()
    about = company(name, seed)
    message = dns.message.make_response(query, recursion_available=True)
    if about.mail == "gone":
        message.set_rcode(dns.rcode.NXDOMAIN)
    for text in _records(about, name, dns.rdatatype.to_text(question.rdtype)):
        message.answer.append(dns.rrset.from_text(question.name, 60, "IN", question.rdtype, text))
    return message


def _records(about: Company, name: str, kind: str) -> list[str]:
    bottom = name.removeprefix("www.") == about.domain
    match kind:
        case "MX" if about.mail == "mx" and bottom:
            return [f"10 {EXCHANGES[about.operator]}.", "90 backup.mail.example."]
        case "MX" if about.mail == "null" and bottom:
            return ["0 ."]
        case "A" if about.address and bottom:
            return ["192.0.2.80"]
        case "TXT" if about.address and bottom and about.spf:
            return ['"v=spf1 include:spf.example -all"', '"some-verification=1"']
        case "TXT" if about.address and name == f"_dmarc.{about.domain}" and about.dmarc:
            return [f'"v=DMARC1; p={about.dmarc}; rua=mailto:dmarc@{about.domain}"']
        case _:
            return []


async def run(seed: int, log: TextIO, port: int, orphaned: Callable[[], bool]) -> None:
    """Serve until SIGTERM or SIGINT, or until `orphaned` says that nobody needs us."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    web = await asyncio.start_server(Web(seed, log).serve, "127.0.0.1", port, backlog=512)
    names, _ = await loop.create_datagram_endpoint(lambda: Names(seed), local_addr=("127.0.0.1", 0))
    ports = {"http": web.sockets[0].getsockname()[1], "dns": names.get_extra_info("sockname")[1]}
    print(json.dumps(ports), flush=True)  # noqa: T201  (the one line that the caller reads)
    while not stop.is_set() and not orphaned():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.2)
    names.close()
    web.close()


def main() -> None:
    """Read the command line and serve."""
    options = argparse.ArgumentParser(description="A stand-in for the companies' web and DNS.")
    options.add_argument("--port", type=int, default=0, help="of the proxy; 0: any free one")
    options.add_argument("--log", type=Path, default=Path(os.devnull), help="one JSON line per request")  # fmt: skip
    options.add_argument("--seed", type=int, default=1, help="which world")
    options.add_argument("--die-with-parent", action="store_true", help="end with who started us")
    given = options.parse_args()
    parent = os.getppid()
    with given.log.open("a", encoding="utf-8", buffering=1) as log:
        asyncio.run(
            run(
                given.seed,
                log,
                given.port,
                lambda: given.die_with_parent and os.getppid() != parent,
            )
        )


if __name__ == "__main__":
    main()
