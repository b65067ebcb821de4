"""`outrider person`: what a person who asks is told, and what is left when they ask to be forgotten."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from db import Database
from providers.fake_mail import FakeSender
from tests.factories import capture, tenant_called
from tests.fix_outreach import Outreach
from tests.scripts.conftest import Said
from tests.workers.inbox import reply, understand

Outrider = Callable[..., Said]
ADA = {
    "full_name": "Ada Lovelace",
    "first_name": "Ada",
    "phone": "+44 20 7946 0001",
    "title": "Countess",
}


@pytest.fixture
def ada(outreach: Outreach, sender: FakeSender) -> UUID:
    """A lead who was written to and answered, with a colleague who chimed in."""
    enrollment = outreach.enroll("ada@engine.test", **ADA)
    outreach.send(enrollment.id)
    understand(outreach, reply(outreach, "Tell me more, says Ada.", sender="ada@engine.test"))
    understand(
        outreach,
        reply(outreach, "I am Charles, and Ada Lovelace is away.", sender="charles@engine.test"),
    )
    return enrollment.lead_id


def test_a_person_is_told_everything_about_them_and_nothing_about_others(
    ada: UUID, outrider: Outrider, outreach: Outreach, tmp_path: Path
) -> None:
    outreach.lead("charles@engine.test", full_name="Charles Babbage")
    file = tmp_path / "ada.json"
    said = outrider("person", "export", "Ada@Engine.test", "--tenant", "acme", "--out", str(file))
    assert (said.code, said.err) == (0, "")
    text = file.read_text()
    told: dict[str, Any] = json.loads(text)
    assert told["about"] == "Ada@Engine.test"
    sections = {name.partition(":")[0] for name in told["sections"]}
    assert {
        "leads",
        "enrollments",
        "messages",
        "mails",
        "replies",
        "step_executions",
        "scores",
    } <= sections
    for fact in (*ADA.values(), "Tell me more, says Ada."):
        assert fact in text
    for others in ("I am Charles", "Babbage", "sealed", "password"):
        assert others not in text
    assert file.stat().st_mode & 0o077 == 0
    again = outrider("person", "export", "ada@engine.test", "--tenant", "acme", "--out", str(file))
    assert (again.code, "say --force" in again.err) == (1, True)
    unknown = outrider(
        "person", "export", "eve@x.test", "--tenant", "acme", "--out", str(tmp_path / "x")
    )
    assert (unknown.code, "There is no person called eve@x.test" in unknown.err) == (1, True)


def test_erasing_asks_foresees_and_does_the_same(
    ada: UUID, outrider: Outrider, outreach: Outreach
) -> None:
    order = (
        "person",
        "erase",
        "ada@engine.test",
        "--reason",
        "asked by letter",
        "--tenant",
        "acme",
    )
    assert "nobody is here to be asked" in outrider(*order).err
    foreseen = outrider(*order, "--dry-run", "--json").json()
    assert outreach.peek("SELECT erased_at FROM outrider.leads") == [(None,)]
    done = outrider(*order, "--yes", "--json").json()
    assert done["tenants"] == foreseen["tenants"]
    [tables] = [one["tables"] for one in done["tenants"]]
    assert {"table_name": "messages", "own": 3, "named": 0} in tables
    assert outreach.peek("SELECT erased_at IS NOT NULL, full_name FROM outrider.leads") == [
        (True, None)
    ]
    trail = outreach.peek(
        "SELECT action, reason, resource_id ~ '^[0-9a-f]{64}$' FROM outrider.audit_logs ORDER BY created_at"
    )
    assert trail == [("erase.begin", "asked by letter", True), ("erase", None, True)]
    assert "0 leads" not in outrider(*order, "--yes").out


def test_everywhere_is_every_tenant_and_the_house(
    outrider: Outrider, database: Database, tenant: UUID
) -> None:
    other = tenant_called(database, "other")
    for one in (tenant, other):
        with database.tenant(one) as tx:
            capture(tx, "ada@engine.test", **ADA)
    assert outrider("person", "erase", "ada@engine.test", "--reason", "r", "--yes").code == 1
    done = outrider(
        "person", "erase", "ada@engine.test", "--reason", "r", "--everywhere", "--yes", "--json"
    ).json()
    named = {(one["tenant"], one["tenant_id"]) for one in done["tenants"]}
    assert named >= {("acme", str(tenant)), ("other", str(other))}
    third = tenant_called(database, "third")
    with database.tenant(third) as tx:
        capture(tx, "ada@engine.test", **ADA)
        assert tx.value("SELECT full_name FROM outrider.leads") is None


def test_a_tenant_that_refuses_does_not_save_the_person_in_the_others(
    outrider: Outrider, outreach: Outreach, database: Database
) -> None:
    outreach.mailbox("ada@engine.test")
    other = tenant_called(database, "other")
    with database.tenant(other) as tx:
        capture(tx, "ada@engine.test", **ADA)
    said = outrider("person", "erase", "ada@engine.test", "--reason", "r", "--everywhere", "--yes")
    assert (said.code, "is a mailbox of this tenant" in said.err, "other: 1 leads" in said.out) == (
        1,
        True,
        True,
    )
    assert outreach.peek("SELECT full_name FROM outrider.leads") == [(None,)]
