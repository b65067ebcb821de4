"""`outrider cron` as an operator types it: what it shows, what it changes, and what it leaves on the trail."""

from collections.abc import Callable
from typing import Any

from tests.scripts.conftest import Said

Outrider = Callable[..., Said]
Peek = Callable[..., list[tuple[Any, ...]]]
TRAIL = "SELECT action, resource_id, reason, tenant_id FROM outrider.audit_logs WHERE resource_type = 'schedule' ORDER BY created_at"


def line(outrider: Outrider, name: str) -> dict[str, Any]:
    [found] = [row for row in outrider("cron", "list", "--json").json() if row["name"] == name]
    return found


def test_a_schedule_is_listed_with_its_policy_and_its_next_three_fires(outrider: Outrider) -> None:
    found = line(outrider, "retention")
    assert (found["state"], found["catch_up"], found["missed"]) == ("active", "one", 0)
    assert [moment[11:16] for moment in found["next_fires"]] == ["03:17"] * 3
    assert found["next_fires"] == sorted(set(found["next_fires"]))
    said = outrider("cron", "list")
    assert said.code == 0
    assert found["next_fires"][2][:10] in said.out


def test_a_fire_by_hand_is_shown_with_its_job_and_what_came_of_it(
    outrider: Outrider, peek: Peek
) -> None:
    assert "retention never fired" in _never(outrider)
    job_id = outrider("cron", "run", "retention", "--reason", "a test", "--json").json()["job_id"]
    [fire] = outrider("cron", "show", "retention", "--json").json()
    assert (fire["job_id"], fire["outcome"], fire["missed"]) == (job_id, "ready", 0)
    peek("UPDATE outrider.cron_fires SET missed = 3")
    peek("SELECT outrider.bury(%s, NULL, 'E', 'm', 'f')", job_id)
    assert outrider("cron", "show", "retention", "--json").json()[0]["outcome"] == "dead"
    assert line(outrider, "retention")["missed"] == 3
    assert peek(TRAIL) == [("run", "retention", "a test", None)]
    assert "There is no schedule lunch." in outrider("cron", "show", "lunch").err


def _never(outrider: Outrider) -> str:
    outrider("cron", "list")  # the line is in the database from here on
    return outrider("cron", "show", "retention").out


def test_a_schedule_is_paused_and_resumed_with_reasons(outrider: Outrider, peek: Peek) -> None:
    outrider("cron", "list")
    assert "is now paused" in outrider("cron", "pause", "crm", "--reason", "CRM moves").out
    assert "already" in outrider("cron", "pause", "crm", "--reason", "again").out
    found = line(outrider, "crm")
    assert (found["state"], found["next_fires"]) == ("paused", [])
    assert found["pause_reason"] == "CRM moves"
    assert "fires again" in outrider("cron", "resume", "crm", "--reason", "moved").out
    assert line(outrider, "crm")["state"] == "active"
    assert [(action, reason) for action, _, reason, _ in peek(TRAIL)] == [
        ("pause", "CRM moves"), ("pause", "again"), ("resume", "moved")]  # fmt: skip
    assert "There is no schedule lunch." in outrider("cron", "pause", "lunch", "--reason", "x").err
