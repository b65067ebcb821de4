"""`outrider secrets` and `keys revoke`: what an operator sees of them, and what a stranger then sees."""

from collections.abc import Callable
from uuid import UUID

import pytest

from db import Database, webhooks
from tests.scripts.conftest import KEY, Said

Outrider = Callable[..., Said]
NEWER = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="


def test_a_rotation_says_what_is_under_which_key_and_when_the_old_one_can_go(
    outrider: Outrider, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = outrider("keys", "create", "crm", "--tenant", "acme", "--json").json()["secret"]
    [before] = outrider("secrets", "list", "--json").json()
    assert (before["owner_type"], before["tenant"], before["days"]) == ("webhook_source", "acme", 0)

    monkeypatch.setenv("OUTRIDER_SECRET_KEY", NEWER)
    refused = outrider("secrets", "rotate")
    assert (refused.code, before["key_id"] in refused.err, KEY in refused.err) == (1, True, False)

    monkeypatch.setenv("OUTRIDER_SECRET_KEY", f"{NEWER},{KEY}")
    tried = outrider("secrets", "rotate", "--dry-run", "--json").json()
    assert (tried["wrapped"], tried["under"]) == (1, {before["key_id"]: 1})
    done = outrider("secrets", "rotate")
    assert (done.code, "can leave OUTRIDER_SECRET_KEY" in done.out) == (0, True)
    [after] = outrider("secrets", "list", "--tenant", "acme", "--json").json()
    assert after["key_id"] == tried["key_id"] != before["key_id"]
    assert outrider("secrets", "rotate", "--json").json()["wrapped"] == 0
    for said in (refused, done, outrider("secrets", "list")):
        assert [word for word in (KEY, NEWER, secret) if word in said.out + said.err] == []


def test_a_revoked_source_is_unknown_from_then_on_and_says_who_did_it_and_why(
    outrider: Outrider, database: Database, tenant: UUID
) -> None:
    outrider("keys", "create", "crm", "--tenant", "acme")
    said = outrider("keys", "revoke", "crm", "--tenant", "acme", "--reason", "leaked")
    assert (said.code, "now revoked" in said.out) == (0, True)
    assert "already" in outrider("keys", "revoke", "crm", "--tenant", "acme", "--reason", "x").out
    with database.hat("ingress") as tx:
        assert webhooks.find_door(tx, "crm") is None
    assert outrider("secrets", "list", "--json").json() == [], "its secret is destroyed"
    [row] = outrider("keys", "list", "--tenant", "acme", "--json").json()
    assert row["revoked_at"]
    nobody = outrider("keys", "revoke", "nobody", "--tenant", "acme", "--reason", "x")
    assert (nobody.code, "no source nobody" in nobody.err) == (1, True)
    with database.hat("operator") as tx:
        assert (
            tx.value("SELECT min(reason) FROM outrider.audit_logs WHERE action = 'revoke'")
            == "leaked"
        )
