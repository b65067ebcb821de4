"""Sentry without its server: what would have been sent is kept."""

import json
from collections.abc import Iterator

import pytest
import sentry_sdk
from pydantic import SecretStr
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from telemetry import sentry

DSN = SecretStr("https://public@sentry.invalid/1")


class Collecting(Transport):
    """Keeps what would have been sent."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, object]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.events += [json.loads(item.get_bytes()) for item in envelope.items]


@pytest.fixture
def sent() -> Iterator[Collecting]:
    transport = Collecting()
    sentry.configure(DSN, env="test", release="outrider@1", transport=transport)
    yield transport
    sentry_sdk.get_client().close()
    sentry_sdk.init()
