"""One trace id, from a stranger's webhook to the call that a child of its job makes to the world."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook
from starlette.testclient import TestClient

from db import Database, clock
from db import traces as db_traces
from ingress.app import app
from ingress.keys import create
from providers.standins.companies import company
from schemas.settings import Settings
from scripts.trace import tree
from telemetry import traces
from telemetry.secrets import Keyring
from tests.e2e.conftest import Crew
from tests.fix_world import until

pytestmark = pytest.mark.e2e
Peek = Callable[..., list[tuple[Any, ...]]]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
KEYRING = Keyring([bytes(range(32))])
HOST = next(
    host for host in (f"firm{n}.example" for n in range(50))
    if (company(host, 1).page, company(host, 1).mail) == ("fine", "mx")
)  # fmt: skip
LEAD = {"email": f"ada@{HOST}", "first_name": "Ada", "title": "CTO"}


@pytest.fixture
def edge(database: Database, tenant: UUID) -> Iterator[Callable[[], Any]]:
    """A stranger who posts a signed lead, and continues a trace of its own."""
    key = create(database, KEYRING, tenant_slug="acme", source="crm", operator="tests")
    settings = Settings(database_url=SecretStr("postgresql://unused@127.0.0.1/unused"))  # pyright: ignore[reportCallIssue]
    with database.tenant(tenant) as tx:
        now = clock.read(tx)
    body = json.dumps(LEAD)
    headers = {
        "webhook-id": "evt_1", "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(key.secret).sign("evt_1", now, body),
        "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
    }  # fmt: skip
    with TestClient(app(database, KEYRING, settings)) as client:
        yield lambda: client.post("/webhooks/leads/crm", content=body, headers=headers)


def test_a_webhooks_trace_is_that_of_its_jobs_their_children_and_their_calls(
    crew: Crew, web: Callable[[str], int], database: Database, peek: Peek, edge: Callable[[], Any],
    tmp_path: Path,
) -> None:  # fmt: skip
    answer = edge()
    assert (answer.status_code, answer.json()["trace_id"]) == (202, TRACE)
    crew.start("enrichment", "scoring")
    until(lambda: peek("SELECT 1 FROM outrider.job_log WHERE actor = 'lead.score'"), seconds=30)
    assert web(HOST) == 1

    # In the log: what the jobs said, and that the call was settled.
    until(lambda: sum(line["event"] == "job.done" for line in crew.lines(0)) == 2)
    told = [line for line in crew.lines(0) if "job_id" in line]
    assert {line["trace_id"] for line in told} == {TRACE}
    assert {"lead.enriched", "effect.settled"} <= {line["event"] for line in told}

    # At the other side: the same trace, under a span of this call.
    pages = [json.loads(line) for line in (tmp_path / "web.log").read_text().splitlines()]
    assert [traces.accept(p["traceparent"]) for p in pages if p["method"] == "GET"] == [TRACE]

    # In the rows: the webhook, the job, its call, its child.
    with database.hat("operator") as tx:
        steps = db_traces.steps(tx, TRACE, within=timedelta(minutes=5))
        [enrich] = [step.job_id for step in steps if step.name == "lead.enrich"]
        assert enrich
        assert db_traces.of_job(tx, enrich) == TRACE
    drawn = [
        (depth, step.kind, step.name.partition(":")[0], step.state) for depth, step in tree(steps)
    ]
    assert drawn == [
        (0, "webhook", "crm", "stored"),
        (0, "job", "lead.enrich", "done"),
        (1, "call", "domain.look", "done"),
        (1, "job", "lead.score", "done"),
        (2, "job", "campaign.fill", "delayed"),  # gathers for a moment
    ]
