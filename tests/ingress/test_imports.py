"""`POST /imports/{source}`: a signed file is staged whole or not at all, and taken by a job, once."""

import base64
import hmac
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.testclient import TestClient

from db import Database
from ingress.doors import Doors
from ingress.edge import HANDLERS, Edge
from ingress.imports import Imports
from ingress.keys import create
from pipelines.imports import IMPORTS
from schemas.base import Job
from schemas.events import ImportTaken
from schemas.jobs import TakeImport
from telemetry.secrets import Keyring
from tests.fix_world import until
from tests.ingress.conftest import Sender
from workers.actor import registered

Peek = Callable[..., list[tuple[Any, ...]]]
FILE = "E-Mail;Vorname\nada@acme.example;Zoë\nnobody;Bob\n"


def post(files: Sender, body: bytes) -> httpx2.Response:
    """As `Sender.post`, which signs text, for bytes that are none."""
    headers = files.headers(b"")
    key = base64.b64decode(files.key.secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    seal = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return files.raw(body, {**headers, "webhook-signature": f"v1,{seal}"})


@pytest.fixture
def files(client: TestClient, database: Database, keyring: Keyring, tenant: UUID) -> Sender:
    key = create(database, keyring, tenant_slug="acme", source="export", takes="imports", operator="tests")  # fmt: skip
    assert key.path == "/imports/export"
    return Sender(client, key, key.path)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_signed_file_is_staged_and_a_job_takes_it(
    files: Sender, peek: Peek, encoding: str
) -> None:
    answer = post(files, FILE.encode(encoding))
    assert answer.status_code == 202
    told = answer.json()
    assert {name: told[name] for name in ("total", "pending", "failed", "duplicate", "columns")} == {
        "total": 2, "pending": 1, "failed": 1, "duplicate": False,
        "columns": {"E-Mail": "email", "Vorname": "first_name"},
    }  # fmt: skip
    assert peek("SELECT actor, payload ->> 'import_id' FROM outrider.jobs") == [
        ("import.take", told["id"])
    ]
    assert peek("SELECT count(*) FROM outrider.leads") == [(0,)]
    asked = replace(files, url=f"{files.url}/{told['id']}")
    shown = asked.client.get(asked.url, headers=asked.headers(b""))
    assert shown.status_code == 200
    assert shown.json() == {name: told[name] for name in shown.json()}
    assert asked.client.get(asked.url, headers=asked.headers(b"x")).status_code == 401


def test_a_file_that_is_posted_twice_is_one_import(files: Sender, peek: Peek) -> None:
    first, again = (files.post(FILE.encode()).json() for _ in range(2))
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert first["id"] == again["id"]
    assert peek("SELECT count(*) FROM outrider.jobs") == [(1,)]


def test_nothing_unsigned_stale_large_or_unreadable_is_stored(files: Sender, peek: Peek) -> None:
    body = FILE.encode()
    other = {**files.headers(body), "webhook-id": "other"}
    unknown = replace(files, url="/imports/nobody")
    stranger = replace(files, url="/webhooks/leads/export")
    statuses = [
        files.raw(body + b"x", files.headers(body)).status_code, files.raw(body, other).status_code,
        unknown.post(body).status_code, stranger.post(body).status_code,
        files.raw(body, {}).status_code, files.post(b"name,phone\nx,y\n").status_code,
        post(files, b"mail\n\x81@b.example\n").status_code,
    ]  # fmt: skip
    assert statuses == [401, 401, 401, 401, 401, 422, 422]
    assert files.post(b"name,phone\nx,y\n").json()["detail"] == (
        "email: no column says it; name the one that does 'email'. The columns are: name, phone."
    )
    assert peek("SELECT count(*) FROM outrider.imports") == [(0,)]
    assert peek("SELECT count(*) FROM outrider.import_rows") == [(0,)]


@pytest.fixture
def narrow(files: Sender, database: Database, keyring: Keyring) -> Iterator[tuple[Imports, Sender]]:
    """The same door, through which little goes."""
    endpoint = Imports(Doors(database, keyring, "imports", at_most=1000))
    routes = [Route("/imports/{source}", endpoint.post, methods=["POST"])]
    edge = Starlette(routes=routes, middleware=[Middleware(Edge)], exception_handlers=HANDLERS)
    with TestClient(edge) as client:
        yield endpoint, replace(files, client=client)


def test_a_file_beyond_the_limit_is_refused_and_not_kept(
    narrow: tuple[Imports, Sender], peek: Peek
) -> None:
    answer = narrow[1].post(b"mail\n" + b"a@b.example\n" * 100)
    assert answer.status_code == 413
    assert peek("SELECT count(*) FROM outrider.imports") == [(0,)]


def test_more_files_at_once_than_there_is_room_for_are_told_to_come_back(
    narrow: tuple[Imports, Sender],
) -> None:
    endpoint, sender = narrow
    endpoint.arriving = 4
    refused = sender.post(FILE.encode())
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    endpoint.arriving = 3
    assert sender.post(FILE.encode()).status_code == 202
    assert endpoint.arriving == 3


def test_a_job_comes_back_while_rows_are_left() -> None:
    def follows(left: int) -> list[type[Job]]:
        part = ImportTaken(import_id=UUID(int=1), left=left)
        return [type(one.job) for one in IMPORTS.consequences(part)]

    assert (follows(1), follows(0)) == ([TakeImport], [])


def test_a_job_takes_the_rows_and_begins_each_journey(
    files: Sender, fleet: Callable[..., object], peek: Peek
) -> None:
    lines = ["mail", *(f"p{number}@acme.example" for number in range(25))]
    post(files, "\n".join(lines).encode())
    fleet([registered()["import.take"]])
    until(lambda: peek("SELECT pending, created FROM outrider.imports") == [(0, 25)], seconds=30)
    until(lambda: peek("SELECT count(*) FROM outrider.jobs WHERE actor = 'lead.enrich'") == [(25,)])
