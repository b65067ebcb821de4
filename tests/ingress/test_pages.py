"""The health page says what is wrong and what to do, to people and to programs, and names nobody."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from db import Database, pauses
from ingress.app import app
from schemas.settings import Settings
from telemetry.bell import Bell
from telemetry.secrets import Keyring
from tests import factories

Peek = Callable[..., list[tuple[Any, ...]]]
JSON = {"accept": "application/json"}


def test_a_fleet_without_workers_says_how_to_start_one(client: TestClient):
    told = client.get("/health", headers=JSON)
    assert told.status_code == 200
    assert told.headers["content-type"] == "application/json"
    report = told.json()
    assert report["status"] == "attention"
    assert "outrider worker" in report["reasons"][0]
    assert (report["database"], report["redis"]) == ("ready", "away")


def test_a_fleet_that_works_is_well(
    database: Database, keyring: Keyring, settings: Settings, redis_url: str
):
    factories.session(database, "lead.enrich", "lead.score")
    bell = Bell(redis_url)
    with TestClient(app(database, keyring, settings, bell=bell)) as client:
        page, report = client.get("/health"), client.get("/health", headers=JSON).json()
    bell.close()
    assert (report["status"], report["reasons"], report["redis"]) == ("ok", [], "up")
    assert "All is well" in page.text
    assert "lead.enrich" in page.text
    assert [worker["actors"] for worker in report["workers"]] == [["lead.enrich", "lead.score"]]


def test_everything_that_waits_for_a_person_is_counted_and_has_its_command(
    client: TestClient, database: Database, tenant: UUID, peek: Peek
):
    factories.session(database)
    with database.hat("operator") as tx:
        pauses.add(tx, tenant_id=None, actor="lead.enrich", reason="r", by="b")
        pauses.add(tx, tenant_id=tenant, actor=None, reason="r", by="b")
    peek(
        """
        INSERT INTO outrider.mailboxes (tenant_id, email, smtp_host, smtp_port, status, paused_reason, paused_at)
        VALUES (%s, 'secret@acme.test', 'h', 25, 'paused', 'refused', now())
        """,
        tenant,
    )
    page, report = client.get("/health"), client.get("/health", headers=JSON).json()
    assert report["troubles"] == {
        "dead_letters": 0, "doubts": 0, "paused_actors": 1, "paused_tenants": 1, "paused_mailboxes": 1,
    }  # fmt: skip
    assert "1 mailbox is paused: `outrider mailboxes list`." in report["reasons"]
    assert "1 tenant is paused: `outrider jobs list`." in report["reasons"]
    for name in ("secret@acme.test", "Acme"):
        assert name not in page.text
        assert name not in str(report)


def test_work_that_is_ready_for_long_asks_for_workers(
    client: TestClient, database: Database, tenant: UUID, peek: Peek
):
    factories.session(database)
    factories.enqueue(database, tenant, factories.Toy())
    fresh = client.get("/health", headers=JSON).json()
    assert not any("add workers" in reason for reason in fresh["reasons"])
    assert [(depth["actor"], depth["jobs"]) for depth in fresh["queue"]] == [("toy.plain", 1)]
    peek(
        "UPDATE outrider.jobs SET due_at = due_at - interval '1 hour', enqueued_at = enqueued_at - interval '1 hour'"
    )
    old = client.get("/health", headers=JSON).json()
    assert "toy.plain: a job is ready for 60 min; add workers." in old["reasons"]


def test_a_silent_worker_is_named_by_its_session(
    client: TestClient, database: Database, peek: Peek
):
    session_id = factories.session(database)
    peek("UPDATE outrider.sessions SET beat_at = beat_at - interval '1 minute'")
    reasons = client.get("/health", headers=JSON).json()["reasons"]
    assert any(reason.startswith(f"Worker {session_id} is silent") for reason in reasons)


def test_without_postgres_the_page_stands_and_says_so(keyring: Keyring, settings: Settings):
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing")  # never opened: fails at once
    with TestClient(app(nowhere, keyring, settings)) as client:
        page, told = client.get("/health"), client.get("/health", headers=JSON)
    assert (page.status_code, told.status_code) == (503, 503)
    assert "Postgres does not answer" in page.text
    assert told.json()["status"] == "down"


def test_a_look_is_quick_and_a_head_is_like_a_get(client: TestClient):
    assert client.head("/health").status_code == 200
    assert client.get("/health").elapsed < timedelta(seconds=1)


@pytest.mark.parametrize("accept", ["text/html,application/json;q=0.9", "*/*", ""])
def test_a_browser_gets_the_page(client: TestClient, accept: str):
    answer = client.get("/health", headers={"accept": accept})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
