"""Answers without a network, streamed as the network would."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import httpx2


@dataclass(frozen=True, slots=True)
class Canned:
    """What a server will say, as often as it is asked."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes = b""


class _Stream(httpx2.SyncByteStream):
    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.content), 700):
            yield self.content[start : start + 700]


class CannedWeb(httpx2.BaseTransport):
    """A transport that asks `server` and streams what it says, or raises it."""

    def __init__(self, server: Callable[[httpx2.Request], Canned | Exception]) -> None:
        self.server = server

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        said = self.server(request)
        if isinstance(said, Exception):
            raise said
        return httpx2.Response(said.status, headers=said.headers, stream=_Stream(said.content))
