"""The demo's sender: posts signed leads as a customer's system would, and counts its own answers."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from uuid import uuid4

import httpx2
from standardwebhooks import Webhook

from ingress.keys import NewKey
from scripts.demo.people import Row

_AT_ONCE = 4
_TAKEN = "accepted"


@dataclass(frozen=True, slots=True)
class Sender:
    """Knows an address and its secret, and nothing about the fleet behind it."""

    url: str
    key: NewKey
    _stopped: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Post nothing more."""
        self._stopped.set()

    def post_all(self, rows: Sequence[Row], *, posted: Callable[[], None]) -> "Posted":
        """Post every row once, a few at a time; returns what was taken as new, and what was not."""
        limits = httpx2.Limits(max_connections=_AT_ONCE)
        with (
            httpx2.Client(timeout=30, limits=limits) as client,
            ThreadPoolExecutor(_AT_ONCE) as pool,
        ):

            def post(row: Row) -> str:
                if self._stopped.is_set():
                    return "not posted"
                answer = self._post(client, row)
                posted()
                return _verdict(answer)

            verdicts = Counter(pool.map(post, rows))
        return Posted(verdicts.pop(_TAKEN, 0), verdicts)

    def _post(self, client: httpx2.Client, row: Row) -> httpx2.Response:
        body = json.dumps(row.record)
        address = f"{self.url}/webhooks/leads/{self.key.source}"
        return client.post(address, content=body, headers=sign(self.key.secret, body))


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of the rows: how many were new, and how often each field was refused."""

    accepted: int
    refused: Counter[str]


def _verdict(answer: httpx2.Response) -> str:
    """Taken as new, or the field that the edge names as wrong."""
    told = answer.json()
    if answer.status_code == HTTPStatus.ACCEPTED:
        return "duplicate" if told["duplicate"] else _TAKEN
    if answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:
        return ", ".join(error["field"] for error in told["errors"])
    return f"HTTP {answer.status_code}"


def sign(secret: str, body: str) -> dict[str, str]:
    """The headers of a new signed webhook (standardwebhooks.com), by the sender's own clock."""
    name, stamp = f"demo_{uuid4().hex}", datetime.now(UTC)
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(stamp.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, stamp, body),
    }
