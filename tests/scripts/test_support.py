"""`outrider support` and `outrider users`: who may read whom, for how long, and what the trail says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from db import Database
from tests.factories import capture
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]
Peek = Callable[..., list[tuple[Any, ...]]]
OPS = "ops@outrider.example"


@pytest.fixture
def ops(outrider: Outrider, database: Database, tenant: UUID) -> str:
    """An operator, and a tenant `acme` that is none of theirs, with a lead."""
    outrider("tenants", "create", "House", "--slug", "house")
    outrider("users", "create", OPS, "--tenant", "house", "--provider", "https://id.example",
             "--subject", "user_1")  # fmt: skip
    assert outrider("users", "operator", OPS, "--reason", "on call").code == 0
    with database.tenant(tenant) as tx:
        capture(tx, "ada@acme.test")
    return OPS


def read(outrider: Outrider, *more: str) -> Said:
    return outrider("support", "read", "--tenant", "acme", "--operator", OPS, *more)


def opened(outrider: Outrider, *more: str) -> Said:
    arguments = ("--tenant", "acme", "--operator", OPS, "--reason", "ticket 7")
    return outrider("support", "open", *arguments, *more, "--json")


def test_support_reads_a_lead_while_a_session_is_open_and_each_read_is_counted(
    outrider: Outrider, ops: str, peek: Peek
) -> None:
    assert "has no live session for acme" in read(outrider).err
    session = opened(outrider).json()["id"]
    assert [lead["email"] for lead in read(outrider, "--json").json()] == ["ada@acme.test"]
    assert read(outrider, "eve@acme.test").out == "No such lead.\n"
    [listed] = outrider("support", "list", "--tenant", "acme", "--json").json()
    assert (listed["reason"], listed["reads"], listed["live"]) == ("ticket 7", 4, True)
    assert "is over" in outrider("support", "end", session).out
    assert "was over already" in outrider("support", "end", session).out
    assert read(outrider).code == 1
    assert outrider("support", "list").out == "No session is open.\n"
    assert len(outrider("support", "list", "--all", "--json").json()) == 1
    trail = [a for (a,) in peek("SELECT action FROM outrider.audit_logs ORDER BY created_at, id")]
    assert trail.count("support_read") == 4
    assert {"operator_appoint", "support_open", "support_end", "membership_create"} <= set(trail)


def test_a_session_ends_by_the_clock(
    outrider: Outrider, ops: str, later: Callable[[timedelta], None]
) -> None:
    opened(outrider, "--minutes", "30")
    assert read(outrider).code == 0
    later(timedelta(minutes=31))
    assert "has no live session" in read(outrider).err


def test_only_an_operator_gets_a_session_and_a_dismissed_one_reads_no_more(
    outrider: Outrider, ops: str
) -> None:
    opened(outrider)
    assert outrider("users", "operator", OPS, "--revoke", "--reason", "left").code == 0
    assert read(outrider).code == 1
    assert f"{OPS} is no operator; `outrider users operator" in opened(outrider).err
    assert opened(outrider, "--minutes", "481").code == 2


def test_a_person_on_call_is_made_by_the_word_that_makes_them_an_operator(
    outrider: Outrider, tenant: UUID, peek: Peek
) -> None:
    word = ("users", "operator", OPS, "--reason", "on call")
    assert f"{OPS} is no operator; `outrider users operator" in opened(outrider).err
    assert "There is no user" in outrider(*word, "--revoke").err
    assert "--subject: say which person" in outrider(*word, "--provider", "https://id.example").err
    assert "is new, and may now open" in outrider(*word).out
    assert opened(outrider).code == 0
    assert f"{OPS} may now open" in outrider(*word).out
    assert "somebody else" in outrider(*word, "--subject", "other").err
    assert peek(
        "SELECT auth_subject, (SELECT count(*) FROM outrider.memberships) FROM outrider.users"
    ) == [(f"local|{OPS}", 0)]


def test_a_pending_member_is_accepted_and_removed(outrider: Outrider, tenant: UUID) -> None:
    ada = ("ada@acme.test", "--tenant", "acme")
    assert outrider("users", "create", *ada, "--pending", "--json").json()["accepted_at"] is None
    assert "is now a member" in outrider("users", "accept", *ada).out
    assert "is already a member" in outrider("users", "accept", *ada).out
    assert outrider("users", "remove", *ada, "--reason", "left").code == 0
    assert outrider("users", "list", "--tenant", "acme", "--json").json() == []
    assert "There is no member" in outrider("users", "remove", *ada, "--reason", "again").err


def test_an_identity_is_linked_once(outrider: Outrider, tenant: UUID) -> None:
    half = ("a@acme.test", "--tenant", "acme", "--provider", "https://clerk.acme.test")
    assert "--subject: say which person" in outrider("users", "create", *half).err
    for name in ("ada", "eve"):
        outrider("users", "create", f"{name}@acme.test", "--tenant", "acme")
    clerk = ("--provider", "https://clerk.acme.test", "--subject", "user_2", "--reason", "moved")
    assert outrider("users", "link", "ada@acme.test", *clerk).code == 0
    assert outrider("users", "link", "ada@acme.test", *clerk).code == 0
    assert "belongs to somebody else" in outrider("users", "link", "eve@acme.test", *clerk).err
    ada, eve = outrider("users", "list", "--tenant", "acme", "--json").json()
    assert (ada["auth_provider"], ada["auth_subject"]) == ("https://clerk.acme.test", "user_2")
    assert eve["auth_provider"] == "local"
