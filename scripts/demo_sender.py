"""The demo's sender: posts signed leads as a customer's system would, and counts its own 202s."""

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import httpx2
from standardwebhooks import Webhook

from ingress.keys import NewKey
from schemas.leads import LeadIn

_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Sender:
    """Knows an address and its secret, and nothing about the fleet behind it."""

    url: str
    key: NewKey
    _stopped: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Post nothing more."""
        self._stopped.set()

    def post_all(self, people: Sequence[LeadIn], *, posted: Callable[[], None]) -> int:
        """Post every lead once, a few at a time; returns how many were accepted as new."""
        limits = httpx2.Limits(max_connections=_AT_ONCE)
        with (
            httpx2.Client(timeout=30, limits=limits) as client,
            ThreadPoolExecutor(_AT_ONCE) as pool,
        ):

            def post(person: LeadIn) -> bool:
                if self._stopped.is_set():
                    return False
                answer = self._post(client, person)
                posted()
                return answer.status_code == 202 and not answer.json()["duplicate"]

            return sum(pool.map(post, people))

    def _post(self, client: httpx2.Client, person: LeadIn) -> httpx2.Response:
        body = json.dumps(person.model_dump(mode="json", exclude_defaults=True))
        address = f"{self.url}/webhooks/leads/{self.key.source}"
        return client.post(address, content=body, headers=sign(self.key.secret, body))


def sign(secret: str, body: str) -> dict[str, str]:
    """The headers of a new signed webhook (standardwebhooks.com), by the sender's own clock."""
    name, stamp = f"demo_{uuid4().hex}", datetime.now(UTC)
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(stamp.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, stamp, body),
    }
