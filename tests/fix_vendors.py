"""Vendors' APIs on loopback, each as strict as its reference page says, and rude: they repeat the secret."""

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar
from uuid import UUID

import pytest

from db import Database, integrations
from providers.http import connect
from providers.integrations import KeyChecks
from providers.ports import KeyChecker
from schemas.base import Job
from tests.fix_crm import KEYRING
from tests.fix_world import spec
from workers import connected, integration_setup
from workers.context import Context
from workers.integration_setup import Connected, Wanted

SECRETS = {
    "apollo": "apollo-key-1", "zoominfo": "sdr@acme.test:zoom-word-1", "phantombuster": "phantom-key-1",
    "linkedin": "AQX-linkedin-1", "gmail": "ya29.gmail-1", "outlook": "EwB-outlook-1",
    "openai": "sk-model-1",
}  # fmt: skip
# Written from the reference pages, not from our table: method, path, header, and what a good answer is.
_CONTRACTS = {
    ("GET", "/api/v1/auth/health"): ("apollo", "x-api-key", "", {"healthy": True, "is_logged_in": True}),
    ("POST", "/authenticate"): ("zoominfo", None, "", {"jwt": "eyJhbGciOi.e30.c2ln"}),
    ("GET", "/api/v2/orgs/fetch"): ("phantombuster", "x-phantombuster-key", "", {"id": "1", "name": "acme"}),
    ("GET", "/v2/userinfo"): ("linkedin", "authorization", "Bearer ", {"sub": "782bbtaQ"}),
    ("GET", "/gmail/v1/users/me/profile"): ("gmail", "authorization", "Bearer ", {"messagesTotal": 1}),
    ("GET", "/v1.0/me"): ("outlook", "authorization", "Bearer ", {"id": "87d349ed"}),
    ("GET", "/v1/models"): ("openai", "authorization", "Bearer ", {"object": "list", "data": []}),
}  # fmt: skip


@dataclass(slots=True)
class Vendors:
    """What they take now; `answers`: a vendor's next answers, whatever it is asked."""

    url: str = ""
    secrets: dict[str, str] = field(default_factory=lambda: dict(SECRETS))
    answers: dict[str, tuple[int, object, dict[str, str]]] = field(default_factory=dict)  # type: ignore[type-arg]
    asked: list[tuple[str, int]] = field(default_factory=list)  # type: ignore[type-arg]

    def base(self, provider: str) -> str:
        """What `--base-url` would be."""
        return self.url + ("/v1" if provider == "openai" else "")

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, object, dict[str, str]]:  # fmt: skip
        if (method, path) not in _CONTRACTS:
            return 404, {"error": "no such operation"}, {}
        name, header, prefix, good = _CONTRACTS[method, path]
        if header is None:
            sent: dict[str, str] = json.loads(body)
            given = f"{sent['username']}:{sent['password']}"
        else:
            given = headers.get(header, "")
            given = given.removeprefix(prefix) if given.startswith(prefix) else ""
        told = self.answers.get(name) or self._judge(name, given, good)
        self.asked.append((name, told[0]))
        return told

    def _judge(self, name: str, given: str, good: object) -> tuple[int, object, dict[str, str]]:
        if given == self.secrets[name]:
            return 200, good, {}
        echo = {"message": f"bad secret {given}", "b64": base64.b64encode(given.encode()).decode()}
        if name == "apollo":
            return 200, {"healthy": True, "is_logged_in": False, **echo}, {}
        return 401, echo, {"X-Echo": given.encode("ascii", "replace").decode()}


@contextmanager
def vendors_on_loopback() -> Iterator[Vendors]:
    """All of them, until the block ends."""
    there = Vendors()

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, told, more = there.answer(self.command, self.path, headers, body)
            raw = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            for name, value in {**more, "Content-Length": str(len(raw))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = _reply  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Not on our standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    """Vendors that take `SECRETS`."""
    with vendors_on_loopback() as there:
        yield there


@pytest.fixture
def checks() -> Iterator[KeyChecks]:
    """Our side of them."""
    with ExitStack() as stack:
        yield KeyChecks(KEYRING, stack.enter_context(connect()), stack.enter_context(connect()))


class LookUp(Job):
    """Work that needs a vendor."""

    name: ClassVar[str] = "toy.look_up"
    provider: str
    number: int = 0

    def lane(self) -> str:
        return self.provider


def _look_up(job: LookUp, ctx: Context) -> None:
    with connected.using(ctx, job.provider) as (_, account):
        ctx.providers.keys.check(account)


LOOK_UP = spec(LookUp, _look_up)


def joined(
    database: Database, keys: KeyChecker, tenant: UUID, name: str, url: str,
    secret: str | None = None, *, expires_at: datetime | None = None,
) -> Connected:  # fmt: skip
    """Connect an account, or connect it again."""
    wanted = Wanted(name, base_url=url, expires_at=expires_at)
    return integration_setup.connect(database, KEYRING, keys, tenant, wanted,
                                     secret=secret or SECRETS[name], operator="ada")  # fmt: skip


def states(database: Database, tenant: UUID) -> dict[str, str]:
    """Every connection's, by its account or provider."""
    with database.tenant(tenant) as tx:
        found = integrations.list_connections(tx)
    return {one.account or one.provider: one.status.value for one in found}
