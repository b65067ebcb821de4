"""Whatever comes in, one answer goes out, and it is never a 5xx of our making."""

import json
from urllib.parse import quote_from_bytes
from uuid import UUID

import psycopg
import pytest
import structlog
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from starlette.testclient import TestClient

from db import Database
from ingress.app import app
from schemas.settings import Settings
from telemetry.bell import Bell
from telemetry.secrets import Keyring
from tests.ingress.conftest import LEAD, Sender

SHARED = examples(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# Header bytes that a server can receive: no CR, LF or NUL.
VALUES = st.binary(max_size=60).map(lambda b: b.translate(None, b"\r\n\0").strip())
NAMES = st.sampled_from(
    ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "traceparent", "host"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    ["email", "first_name", "website", "company_domain", "country", "locale", "attributes", "phone"]
)


@SHARED
@given(body=st.binary(max_size=300), headers=st.dictionaries(NAMES, VALUES, max_size=6))
def test_no_unsigned_request_whatsoever_yields_a_5xx(
    sender: Sender, body: bytes, headers: dict[str, bytes]
):
    answer = sender.client.post(sender.url, content=body, headers=headers)  # pyright: ignore[reportArgumentType]
    assert answer.status_code in {400, 401}
    assert answer.json()["status"] == answer.status_code


@SHARED
@given(document=JSON | st.dictionaries(FIELDS, JSON, max_size=5))
def test_no_signed_document_whatsoever_yields_a_5xx(sender: Sender, document: object):
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
    answer = sender.raw(body, sender.headers(body))
    assert answer.status_code in {202, 400, 401, 413, 422}


@SHARED
@given(field=FIELDS, value=st.text(max_size=80))
def test_no_text_in_a_field_yields_a_5xx(sender: Sender, field: str, value: str):
    assert sender.post({**LEAD, field: value}).status_code in {202, 422}


@SHARED
@given(field=FIELDS, value=st.sampled_from(["ada@example.org", "ada@bücher.example", "de", "en-GB", "example.org", "https://bücher.example/ü?q#f", "+49 30", "x" * 200, "́", "\U0001f600", "'; --", "%s"]))  # fmt: skip
def test_plausible_text_is_stored_or_named(sender: Sender, field: str, value: str):
    assert sender.post({**LEAD, field: value}).status_code in {202, 422}


@SHARED
@given(path=st.binary(max_size=40).map(quote_from_bytes))
def test_no_path_whatsoever_yields_a_5xx(client: TestClient, key: object, path: str):
    signed = {"webhook-id": "evt_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    for method in ("GET", "POST", "DELETE"):
        answer = client.request(method, f"/webhooks/leads/{path}", headers=signed)
        assert answer.status_code in {400, 401, 404, 405, 422}
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/", 404, "not-found"),
        ("POST", "/webhooks/leads/crm/", 404, "not-found"),
        ("GET", "/webhooks/leads/crm", 405, "method-not-allowed"),
        ("DELETE", "/ready", 405, "method-not-allowed"),
    ],
)
def test_a_wrong_address_or_method_is_a_problem(
    client: TestClient, method: str, path: str, status: int, kind: str
):
    answer = client.request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document.keys() == {"type", "title", "status", "detail", "instance", "trace_id"}
    assert (answer.status_code, document["type"]) == (status, f"urn:outrider:problem:{kind}")
    assert document["instance"] == path
    assert ("allow" in answer.headers) == (status == 405)


def test_a_request_is_one_line_with_ids_and_without_addresses(sender: Sender):
    with structlog.testing.capture_logs() as lines:
        told = sender.post().json()
        sender.post({"email": "nobody"})
    accepted, refused = lines
    assert accepted["ms"] > 0
    assert accepted.items() >= {
        "event": "webhook.accepted", "status": 202, "source": "crm", "event_id": told["id"],
        "lead_id": told["lead_id"], "duplicate": False, "log_level": "info",
    }.items()  # fmt: skip
    assert refused.items() >= {
        "event": "webhook.refused", "status": 422, "source": "crm", "problem": "not-a-lead",
    }.items()  # fmt: skip
    assert "example.org" not in str(lines)
    assert "nobody" not in str(lines)


def test_a_source_that_is_no_name_is_not_logged(client: TestClient, key: object):
    with structlog.testing.capture_logs() as lines:
        client.post("/webhooks/leads/ada@example.org", content=b"{}")
    assert [line["source"] for line in lines] == [None]


def test_a_database_that_is_away_is_a_503_that_says_when_to_come_back(
    database: Database, keyring: Keyring, settings: Settings, sender: Sender
):
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")  # never opened: fails at once
    with TestClient(app(away, keyring, settings)) as client:
        answer = Sender(client, sender.key).post()
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert answer.json()["type"] == "urn:outrider:problem:unavailable"
        assert "127.0.0.1" not in answer.text
        assert client.get("/live").status_code == 200
        assert client.get("/ready").status_code == 503
        assert "OUTRIDER_DATABASE_URL" in client.get("/ready").json()["reason"]
        assert "outrider_database_up 0.0" in client.get("/metrics").text


def test_ready_reports_redis_and_does_not_need_it(
    client: TestClient, database: Database, keyring: Keyring, settings: Settings
):
    answer = client.get("/ready")
    assert (answer.status_code, answer.json()) == (
        200, {"status": "ready", "reason": None, "redis": "away"},
    )  # fmt: skip


def test_ready_sees_redis_that_is_there(
    database: Database, keyring: Keyring, settings: Settings, services: object
):
    bell = Bell(services.redis_url)  # pyright: ignore[reportAttributeAccessIssue]
    with TestClient(app(database, keyring, settings, bell=bell)) as client:
        assert client.get("/ready").json()["redis"] == "up"
    bell.close()


def test_an_old_schema_is_not_ready(client: TestClient, owner_dsn: str):
    with psycopg.connect(owner_dsn) as conn:
        conn.execute("DELETE FROM public.outrider_migrations WHERE name LIKE '009%'")
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert "lacks migration 009_audit: run `outrider migrate`" in answer.json()["reason"]


def test_a_powerful_login_is_not_ready(owner_dsn: str, keyring: Keyring, settings: Settings):
    database = Database(owner_dsn, max_size=2)
    database.open()
    with TestClient(app(database, keyring, settings)) as client:
        answer = client.get("/ready")
    database.close()
    assert answer.status_code == 503
    assert "OUTRIDER_DATABASE_URL" in answer.json()["reason"]


def test_metrics_count_requests_and_show_the_queue(sender: Sender, tenant: UUID):
    sender.post()
    page = sender.client.get("/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=")
    assert 'outrider_http_requests_total{route="webhooks",status="202"}' in page.text
    assert 'outrider_queue_depth{actor="lead.enrich",state="ready"} 1.0' in page.text
    assert "outrider_database_up 1.0" in page.text
    assert "outrider_dead_open 0.0" in page.text
