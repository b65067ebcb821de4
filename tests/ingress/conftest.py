"""The real edge on a real database, and a sender that signs."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

import httpx2
import psycopg
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook
from starlette.testclient import TestClient

from db import Database
from ingress.app import app
from ingress.keys import NewKey, create
from schemas.settings import Settings
from telemetry.bell import Bell
from telemetry.secrets import Keyring

LEAD = {"email": "ada@example.org", "first_name": "Ada", "company_name": "Example"}


@dataclass(frozen=True, slots=True)
class Sender:
    """Signs as the Standard Webhooks libraries do, and posts; every part can be spoilt."""

    client: httpx2.Client
    key: NewKey
    url: str = field(default="/webhooks/leads/crm")

    def headers(
        self,
        body: bytes,
        *,
        name: str | None = None,
        secret: str | None = None,
        age: timedelta = timedelta(0),
    ) -> dict[str, str]:
        name = name or f"evt_{uuid4().hex}"
        stamp = datetime.now(UTC) - age
        # The library signs text; these bytes need not be any.
        text = cast(str, _Raw(body))
        return {
            "webhook-id": name,
            "webhook-timestamp": str(int(stamp.timestamp())),
            "webhook-signature": _sign(secret or self.key.secret, name, stamp, text),
        }

    def post(self, lead: object = LEAD, *, name: str | None = None, **more: str) -> httpx2.Response:
        """A correctly signed lead, or correctly signed bytes."""
        body = lead if isinstance(lead, bytes) else json.dumps(lead).encode()
        return self.raw(body, {**self.headers(body, name=name), **more})

    def raw(self, body: bytes, headers: dict[str, str]) -> httpx2.Response:
        return self.client.post(self.url, content=body, headers=headers)


class _Raw(bytes):
    def __format__(self, _spec: str) -> str:
        return self.decode("utf-8", "surrogateescape")


def _sign(secret: str, name: str, stamp: datetime, body: str) -> str:
    try:
        return Webhook(secret).sign(name, stamp, f"{body}")
    except UnicodeEncodeError:
        return "v1," + base64.b64encode(b"not text").decode()


@pytest.fixture
def keyring() -> Keyring:
    return Keyring([bytes(range(32))])


@pytest.fixture
def settings() -> Settings:
    return Settings(
        env="test",
        database_url=SecretStr("postgresql://unused@127.0.0.1/unused"),
        webhook_max_bytes=4096,
        pool_max=12,
    )  # pyright: ignore[reportCallIssue]


@pytest.fixture
def key(database: Database, keyring: Keyring, tenant: UUID) -> NewKey:
    return create(database, keyring, tenant_slug="acme", source="crm", operator="tests")


@pytest.fixture
def dead_bell() -> Iterator[Bell]:
    """Redis is away in all of these tests: the edge must not notice."""
    bell = Bell("redis://127.0.0.1:1/0")
    yield bell
    bell.close()


@pytest.fixture
def client(
    database: Database, keyring: Keyring, settings: Settings, dead_bell: Bell
) -> Iterator[TestClient]:
    with TestClient(app(database, keyring, settings, bell=dead_bell)) as client:
        yield client


@pytest.fixture
def sender(client: TestClient, key: NewKey) -> Sender:
    return Sender(client, key)


@dataclass(frozen=True, slots=True)
class Stored:
    """How many rows each table has."""

    events: int
    leads: int
    jobs: int


@dataclass(frozen=True, slots=True)
class Books:
    """A look behind the edge, as the owner of the database."""

    dsn: str

    def count(self) -> Stored:
        with psycopg.connect(self.dsn) as conn:
            row = conn.execute(
                """
                SELECT (SELECT count(*) FROM outrider.webhook_events),
                       (SELECT count(*) FROM outrider.leads),
                       (SELECT count(*) FROM outrider.jobs)
                """
            ).fetchone()
        assert row
        return Stored(*row)

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.dsn) as conn:
            return conn.execute(query).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


@pytest.fixture
def books(owner_dsn: str) -> Books:
    return Books(owner_dsn)
