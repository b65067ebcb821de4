"""`outrider jobs`: what is listed of a lane and a run, and what cancelling covers before it happens."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from db import Database, jobs
from db.jobs import NewJob
from schemas.jobs import EnrichLead, ReadMailbox
from tests.factories import pick, start
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]
MAILBOX = UUID(int=7)


@pytest.fixture
def run(database: Database, tenant: UUID) -> list[int]:
    """Three jobs with one trace: two wait, one of them in a mailbox's lane, and one is on its way."""
    with database.tenant(tenant, trace_id="4bf9") as tx:
        [on_its_way] = jobs.add(tx, [NewJob(EnrichLead(lead_id=uuid4()))])
    assert pick(database, "lead.enrich") == [on_its_way]
    with database.tenant(tenant, trace_id="4bf9") as tx:
        return [on_its_way, *jobs.add(tx, [
            NewJob(EnrichLead(lead_id=uuid4()), after=timedelta(days=1)),
            NewJob(ReadMailbox(mailbox_id=MAILBOX), priority=2),
        ])]  # fmt: skip


def test_a_job_says_its_lane_priority_and_run(outrider: Outrider, run: list[int]) -> None:
    [row] = outrider("jobs", "list", "--lane", f"mailbox:{MAILBOX}", "--json").json()
    assert (row["id"], row["priority"], row["trace_id"]) == (run[2], 2, "4bf9")
    assert len(outrider("jobs", "list", "--run", "4bf9", "--json").json()) == 3
    assert outrider("jobs", "list", "--run", "4bf8", "--json").json() == []
    assert outrider("jobs", "show", str(run[2]), "--json").json()["lane"] == f"mailbox:{MAILBOX}"
    assert "4bf9" in outrider("jobs", "list").out


def test_what_a_run_covers_is_counted_and_then_cancelled(
    outrider: Outrider, run: list[int]
) -> None:
    meant = outrider(
        "jobs", "cancel", "--run", "4bf9", "--reason", "x", "--dry-run", "--json"
    ).json()
    assert [(row["actor"], row["state"], row["jobs"]) for row in meant] == [
        ("lead.enrich", "delayed", 1), ("lead.enrich", "dispatched", 1), ("mailbox.read", "ready", 1),
    ]  # fmt: skip
    assert len(outrider("jobs", "list", "--json").json()) == 3
    done = outrider("jobs", "cancel", "--run", "4bf9", "--reason", "a loop", "--json")
    assert done.json() == {"jobs": 3, "fenced": 0, "doubts": 0}
    assert outrider("jobs", "show", str(run[0]), "--json").json()["outcome"] == "cancelled"
    again = outrider("jobs", "cancel", "--run", "4bf9", "--reason", "a loop", "--json")
    assert (again.code, again.json()["jobs"]) == (0, 0)


def test_a_tenants_queue_is_narrowed_by_actor(outrider: Outrider, run: list[int]) -> None:
    said = outrider(
        "jobs", "cancel", "--tenant", "acme", "--actor", "lead.enrich", "--reason", "x", "--json"
    )
    assert said.json()["jobs"] == 2
    assert [row["id"] for row in outrider("jobs", "list", "--json").json()] == [run[2]]


def test_a_job_that_runs_is_cancelled_only_when_that_is_said(
    outrider: Outrider, database: Database, tenant: UUID
) -> None:
    running = str(start(database, tenant).id)
    refused = outrider("jobs", "cancel", running, "--reason", "x")
    assert refused.code == 1
    assert "add --running" in refused.err
    fenced = outrider("jobs", "cancel", running, "--running", "--reason", "x", "--json")
    assert fenced.json() == {"jobs": 1, "fenced": 1, "doubts": 0}


@pytest.mark.parametrize(
    "subject",
    [(), ("7", "--run", "4bf9"), ("--run", "4bf9", "--tenant", "acme"), ("--actor", "lead.enrich")],
)
def test_exactly_one_thing_is_cancelled(
    outrider: Outrider, tenant: UUID, subject: tuple[str, ...]
) -> None:
    said = outrider("jobs", "cancel", *subject, "--reason", "x")
    assert said.code == 1
    assert "Name one of" in said.err


def test_an_actor_alone_is_no_queue(outrider: Outrider) -> None:
    said = outrider("jobs", "cancel", "--run", "4bf9", "--actor", "lead.enrich", "--reason", "x")
    assert "narrows --tenant" in said.err
