"""The fleet behind PgBouncer in transaction mode: no session outlives a transaction, and none is missed."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from pydantic import SecretStr

from db import Database
from ingress.keys import create
from schemas.settings import Settings
from scripts.demo.sender import sign
from scripts.fleet import Fleet
from telemetry.secrets import Keyring
from tests.e2e.conftest import Crew
from tests.e2e.test_kills import HOST
from tests.e2e.toys import Nap, Send
from tests.factories import enqueue
from tests.fix_world import until
from tests.workers import test_whole_journey

pytestmark = [pytest.mark.e2e, pytest.mark.needs("pgbouncer")]
Peek = Callable[..., list[tuple[Any, ...]]]
KEY = bytes(range(32))

mailbox = test_whole_journey.mailbox
test_the_whole_journey_passes_behind_a_pooler = (
    test_whole_journey.test_three_steps_over_thirty_days_then_a_reply_stops_and_the_crm_knows
)
test_seven_answers_lead_to_their_actions_behind_a_pooler = (
    test_whole_journey.test_each_of_seven_answers_in_one_mailbox_leads_to_its_own_action
)


@pytest.fixture
def dsn(dsn: str, pooled: Callable[[str], str]) -> str:
    """Everything in this module that is no owner goes through the pooler."""
    return pooled(dsn)


@pytest.fixture
def edge_and_worker(dsn: str, redis_url: str, tmp_path: Path) -> Iterator[tuple[Fleet, int]]:
    settings = Settings(
        env="test", database_url=SecretStr(dsn), redis_url=SecretStr(redis_url), ingress_port=0,
        secret_key=SecretStr(base64.b64encode(KEY).decode()),
    )  # fmt: skip  # pyright: ignore[reportCallIssue]
    with Fleet(settings, logs=tmp_path) as fleet:
        yield fleet, fleet.start_ingress()


def test_a_signed_lead_goes_from_the_edge_to_its_score(
    web: Callable[[str], int], edge_and_worker: tuple[Fleet, int], database: Database,
    tenant: UUID, peek: Peek,
) -> None:  # fmt: skip
    fleet, port = edge_and_worker
    fleet.start_worker(only="enrichment,scoring")
    key = create(database, Keyring([KEY]), tenant_slug="acme", source="crm", operator="tests")
    url = f"http://127.0.0.1:{port}/webhooks/leads/crm"
    for name in ("ada", "grace", "joan"):
        body = json.dumps({"email": f"{name}@{HOST}", "title": "CTO"})
        assert httpx2.post(url, content=body, headers=sign(key.secret, body)).status_code == 202
    until(lambda: peek("SELECT count(*) FROM outrider.scores") == [(3,)], seconds=30)
    assert peek("SELECT DISTINCT outcome, attempt FROM outrider.job_log") == [("done", 1)]


def test_two_workers_on_six_sessions_do_each_job_once(
    crew: Crew, database: Database, tenant: UUID, peek: Peek
) -> None:
    crew.start("toys", OUTRIDER_THREADS="8")
    crew.start("toys", OUTRIDER_THREADS="8")
    ids = enqueue(database, tenant, *[Nap(number=n) for n in range(150)])
    ids += enqueue(database, tenant, *[Send(number=n) for n in range(50)])
    until(lambda: peek("SELECT count(*) FROM outrider.job_log") == [(200,)], seconds=30)
    assert peek("SELECT job_id, outcome, attempt FROM outrider.job_log ORDER BY 1") == [
        (job_id, "done", 1) for job_id in ids]  # fmt: skip
    assert sorted(line for line in crew.diary() if line.startswith("sent")) == sorted(
        f"sent {n}" for n in range(50)
    )


def test_a_worker_that_is_killed_behind_a_pooler_is_recovered(
    crew: Crew, database: Database, tenant: UUID, peek: Peek
) -> None:
    enqueue(database, tenant, *[Nap(number=n, seconds=1) for n in range(4)])
    doomed = crew.start("toys")
    until(lambda: len(crew.diary()) == 4)
    doomed.kill()
    killed_at = time.monotonic()
    crew.start("toys")
    until(lambda: peek("SELECT count(*) FROM outrider.job_log") == [(4,)], seconds=20)
    assert time.monotonic() - killed_at < 15
    assert peek("SELECT DISTINCT attempt FROM outrider.job_log") == [(2,)]
