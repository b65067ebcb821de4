"""The command line is a contract: what it prints, what it refuses, how it ends."""

import json
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from db import Database, dead, jobs
from db.pool import Tx
from schemas.jobs import EnrichLead, ScoreLead
from scripts.fleet import free_port
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]


def queue(tx: Tx) -> int:
    [job_id] = jobs.add(tx, [jobs.NewJob(EnrichLead(lead_id=uuid4()))])
    return job_id


def test_a_tenant_is_created_listed_and_not_created_twice(outrider: Outrider) -> None:
    made = outrider("tenants", "create", "Acme Ltd", "--slug", "acme", "--json")
    assert made.code == 0
    assert made.json()["slug"] == "acme"
    again = outrider("tenants", "create", "Other", "--slug", "acme")
    assert (again.code, again.out) == (1, "")
    assert "slug" in again.err
    assert [t["name"] for t in outrider("tenants", "list", "--json").json()] == ["Acme Ltd"]


def test_a_person_gets_a_role_in_a_tenant(outrider: Outrider) -> None:
    outrider("tenants", "create", "Acme", "--slug", "acme")
    made = outrider("users", "create", "ada@acme.example", "--tenant", "acme", "--role", "owner")
    assert made.code == 0
    [member] = outrider("users", "list", "--tenant", "acme", "--json").json()
    assert (member["email"], member["role"]) == ("ada@acme.example", "owner")


@pytest.mark.parametrize("noun", ["users", "keys"])
def test_an_unknown_tenant_is_named(outrider: Outrider, noun: str) -> None:
    said = outrider(noun, "list", "--tenant", "nobody")
    assert said.code == 1
    assert "There is no tenant nobody." in said.err


def test_a_key_shows_its_secret_once_and_never_again(outrider: Outrider) -> None:
    outrider("tenants", "create", "Acme", "--slug", "acme")
    made = outrider("keys", "create", "website", "--tenant", "acme", "--json").json()
    assert made["secret"].startswith("whsec_")
    assert made["path"] == "/webhooks/leads/website"
    listed = outrider("keys", "list", "--tenant", "acme")
    assert "website" in listed.out
    assert made["secret"] not in listed.out


def test_a_job_is_listed_shown_and_cancelled_with_a_reason(
    outrider: Outrider, database: Database, tenant: UUID
) -> None:
    with database.tenant(tenant) as tx:
        job_id = queue(tx)
    [listed] = outrider("jobs", "list", "--tenant", "acme", "--json").json()
    assert (listed["id"], listed["state"]) == (job_id, "ready")
    assert outrider("jobs", "cancel", str(job_id)).code == 2  # a reason is required
    assert outrider("jobs", "cancel", str(job_id), "--reason", "a test").code == 0
    assert outrider("jobs", "show", str(job_id), "--json").json()["outcome"] == "cancelled"
    assert "is running or over" in outrider("jobs", "cancel", str(job_id), "--reason", "x").err or (
        "There is no unfinished job" in outrider("jobs", "cancel", str(job_id), "--reason", "x").err
    )


def test_a_dead_letter_is_replayed_once(
    outrider: Outrider, database: Database, tenant: UUID
) -> None:
    with database.tenant(tenant) as tx:
        job_id = queue(tx)
        tx.run(
            """
            UPDATE outrider.jobs SET state = 'running', token = 1, session_id = 1,
                   deadline_at = clock_timestamp() + interval '1 minute' WHERE id = %(id)s
            """,
            {"id": job_id},
        )
        letter = dead.bury(
            tx, job_id, 1, error_class="Permanent", message="No such thing.", fingerprint="f"
        )
    assert "No such thing." in outrider("dead", "list").out
    again = outrider("dead", "replay", str(letter), "--reason", "fixed", "--json")
    assert again.code == 0
    assert again.json()["job_id"] > job_id
    twice = outrider("dead", "replay", str(letter), "--reason", "fixed")
    assert twice.code == 1
    assert "was replayed before" in twice.err
    assert outrider("dead", "list", "--json").json() == []
    assert len(outrider("jobs", "list", "--json").json()) == 1


def test_pause_and_resume_name_exactly_one_thing(outrider: Outrider, tenant: UUID) -> None:
    assert "either --tenant or --actor" in outrider("pause", "--reason", "x").err
    assert (
        "there is no 'lead.sing'" in outrider("pause", "--actor", "lead.sing", "--reason", "x").err
    )
    paused = outrider("pause", "--actor", "lead.enrich", "--reason", "provider down")
    assert "is now paused" in paused.out
    assert "already" in outrider("pause", "--actor", "lead.enrich", "--reason", "x").out
    told = outrider("pause", "--actor", "lead.enrich", "--reason", "x", "--json").out
    assert json.loads(told) == {
        "tenant": None,
        "actor": "lead.enrich",
        "paused": True,
        "changed": False,
    }
    assert "runs again" in outrider("resume", "--actor", "lead.enrich").out
    assert "was not paused" in outrider("resume", "--tenant", "acme").out


def test_cron_is_listed_and_run_now(outrider: Outrider) -> None:
    names = [line["name"] for line in outrider("cron", "list", "--json").json()]
    assert names == ["credits", "crm", "integrations", "invariants", "retention"]
    assert outrider("cron", "run", "retention", "--reason", "a test").code == 0
    [job] = outrider("jobs", "list", "--json").json()
    assert job["actor"] == "house.prune_history"
    assert "There is no schedule lunch." in outrider("cron", "run", "lunch", "--reason", "x").err


def test_the_doctor_is_content_with_a_new_database(outrider: Outrider) -> None:
    said = outrider("doctor")
    assert said.code == 0
    assert "invariants hold" in said.out
    assert outrider("doctor", "--json").json() == []


def test_the_doctor_names_a_violation_and_ends_with_one(
    outrider: Outrider, database: Database, tenant: UUID, sick: list[str]
) -> None:
    sick.append("jobs.lost")
    with database.tenant(tenant) as tx:
        jobs.add(tx, [jobs.NewJob(ScoreLead(lead_id=uuid4()), jobs.Unique("k"))])
        tx.run("DELETE FROM outrider.jobs")
    said = outrider("doctor", "--json")
    assert said.code == 1
    assert [line["invariant"] for line in said.json()] == ["jobs.lost"]


def test_the_graph_is_drawn_from_the_pipelines(outrider: Outrider) -> None:
    assert "lead.captured → lead.enrich" in outrider("pipelines", "graph").out
    assert outrider("pipelines", "graph", "--mermaid").out.startswith("flowchart LR")
    follows = json.loads(outrider("pipelines", "graph", "--json").out)
    assert {"when": "lead.captured", "then": "lead.enrich", "condition": ""} in follows


def test_migrate_needs_the_owner_and_says_so(
    outrider: Outrider, owner_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = outrider("migrate")
    assert refused.code == 1
    assert "OUTRIDER_OWNER_URL" in refused.err
    monkeypatch.setenv("OUTRIDER_OWNER_URL", owner_dsn)
    assert outrider("migrate", "--json").json() == {"applied": [], "login": "outrider_app"}


def test_a_database_that_is_away_is_one_line_with_the_setting(
    outrider: Outrider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTRIDER_DATABASE_URL", "postgresql://me:very-secret@127.0.0.1:1/x")
    said = outrider("tenants", "list")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("OUTRIDER_DATABASE_URL: ")
    assert said.err.count("\n") == 1
    assert "very-secret" not in said.err


def test_missing_settings_are_listed_by_their_full_names(
    outrider: Outrider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTRIDER_ENV", "production")
    monkeypatch.delenv("OUTRIDER_REDIS_URL")
    monkeypatch.delenv("OUTRIDER_SECRET_KEY")
    said = outrider("worker")
    assert said.code == 1
    assert "OUTRIDER_REDIS_URL, OUTRIDER_SECRET_KEY" in said.err


def test_every_bad_setting_has_its_own_line(
    outrider: Outrider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTRIDER_POOL_MAX", "many")
    monkeypatch.setenv("OUTRIDER_LOG_LEVEL", "loud")
    lines = outrider("doctor").err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["OUTRIDER_LOG_LEVEL", "OUTRIDER_POOL_MAX"]


def test_an_unknown_actor_is_refused_before_any_work(outrider: Outrider) -> None:
    said = outrider("worker", "--only", "enrichment,singing")
    assert said.code == 1
    assert "There is no actor 'singing'" in said.err


def test_a_fault_that_names_no_point_is_refused(
    outrider: Outrider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTRIDER_FAULTS", "lunch@1")
    said = outrider("worker")
    assert said.code == 1
    assert "claim.before" in said.err


@pytest.mark.parametrize("command", [("worker",), ("tenants", "list"), ("doctor",)])
def test_the_fleet_refuses_a_login_with_the_owners_rights(
    outrider: Outrider, owner_dsn: str, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("OUTRIDER_DATABASE_URL", owner_dsn)
    said = outrider(*command)
    assert said.code == 1
    assert "is a superuser" in said.err
    assert "outrider_app" in said.err


def test_one_person_may_belong_to_two_tenants(outrider: Outrider) -> None:
    for slug in ("acme", "beta"):
        outrider("tenants", "create", slug.title(), "--slug", slug)
        assert outrider("users", "create", "Ada@acme.example", "--tenant", slug).code == 0
    again = outrider("users", "create", "ada@acme.example", "--tenant", "beta")
    assert again.code == 1
    assert "is a member of the tenant already" in again.err


@pytest.mark.parametrize(
    "command",
    [("pause", "--actor", "lead.enrich"), ("cron", "run", "retention"), ("jobs", "cancel", "1")],
)
def test_a_reason_that_says_nothing_is_refused(
    outrider: Outrider, command: tuple[str, ...]
) -> None:
    said = outrider(*command, "--reason", " ")
    assert said.code == 2
    assert "say why" in said.err


def test_a_folder_that_cannot_be_written_is_named_with_its_setting(
    outrider: Outrider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OUTRIDER_DATABASE_URL")
    monkeypatch.setenv("OUTRIDER_HOME", "/proc/nowhere")
    said = outrider("tenants", "list")
    assert said.code == 1
    assert said.err.startswith("OUTRIDER_HOME: ")


def test_health_says_for_machines_too_why_nothing_answers(
    outrider: Outrider,
) -> None:
    url = f"http://127.0.0.1:{free_port()}/ready"
    said = outrider("health", "--url", url, "--json")
    told = json.loads(said.out)
    assert (said.code, told["ready"]) == (1, False)
    assert "does not answer" in told["reason"]
