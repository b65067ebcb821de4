"""What members and people on call read: one tenant's rows in every table, and not a row of another's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import LiteralString, cast
from uuid import UUID

import psycopg
import pytest

from tests.db.isolation import Asker, deletes, inserts, relations, updates, wear
from tests.db.planted_world import Conn, World, ask, client_tables, plant, tables


@pytest.fixture
def owner(owner_dsn: str) -> Iterator[Conn]:
    with psycopg.connect(owner_dsn, autocommit=True) as conn:
        yield conn


@pytest.fixture
def world(owner: Conn) -> World:
    return plant(owner)


@contextmanager
def asking(conn: Conn, asker: Asker) -> Iterator[Conn]:
    with conn.transaction():
        wear(conn, asker)
        yield conn
        conn.execute("RESET ROLE")


def client(subject: str) -> Asker:
    return Asker(subject, "client", {"outrider.subject": subject})


def lists(conn: Conn, asker: Asker, names: set[str]) -> dict[str, list[UUID]]:
    """For each table that gave any row of a tenant: whose rows. What the house ships is nobody's."""
    with asking(conn, asker):
        found = {
            t: [r[0] for r in ask(conn, f"SELECT tenant_id FROM {t} WHERE tenant_id IS NOT NULL")]
            for t in sorted(names)
        }
    return {table: rows for table, rows in found.items() if rows}


def rows_of(conn: Conn, tenant_id: UUID, names: set[str]) -> dict[str, list[UUID]]:
    return {
        t: [r[0] for r in ask(conn, f"SELECT tenant_id FROM {t} WHERE tenant_id = '{tenant_id}'")]
        for t in names
    }


@pytest.mark.system(1)
def test_an_accepted_member_lists_exactly_the_tenants_rows_and_all_others_none(
    owner: Conn, world: World
) -> None:
    """An accepted member of client A lists exactly A's rows in every table; a pending, removed or foreign user lists zero; a worker with no tenant set reads zero rows"""
    names = client_tables(owner)
    assert len(names) > 25
    assert lists(owner, client("owner"), names) == rows_of(owner, world.mine, names)
    assert lists(owner, client("foreign"), names) == rows_of(owner, world.third, names)
    for nobody in ("pending", "removed", "keeper", "unknown", ""):
        assert lists(owner, client(nobody), names) == {}, nobody
    readable = {
        t for t, of_tenant in tables(owner).items() if of_tenant and t != "outrider.audit_logs"
    }
    assert lists(owner, Asker("", "worker"), readable) == {}
    mine = Asker("", "worker", {"outrider.tenant_id": str(world.mine)})
    assert lists(owner, mine, readable) == rows_of(owner, world.mine, readable)


OPEN: LiteralString = """
    INSERT INTO outrider.support_sessions (tenant_id, operator_id, reason)
    SELECT %s, id, 'ticket 7' FROM outrider.users WHERE auth_subject = 'op-none' RETURNING id
"""


@pytest.mark.system(53)
def test_an_operator_reads_one_tenant_under_a_session_and_each_read_is_in_the_trail(
    owner: Conn, world: World, later: Callable[[timedelta], None],
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    """Operator without session reads zero rows, with session one tenant read-only, after expiry zero (measured); each read is audited"""
    names = client_tables(owner) - {"outrider.audit_logs"}  # the trail is for the tenant's owners
    operator = client("op-none")
    assert lists(owner, operator, names) == {}
    assert trail(owner) == []
    owner.execute(OPEN, (world.theirs,))
    seen = lists(owner, operator, names)
    assert seen == rows_of(owner, world.theirs, names)
    assert sorted(trail(owner)) == sorted(
        (t.partition(".")[2], world.theirs, "ticket 7") for t in names
    )
    for relation in relations(owner, "client"):
        if relation.of_tenant:
            for write in (
                *updates(relation, world),
                *inserts(relation, world),
                *deletes(relation, world),
            ):
                assert touched(owner, operator, write) == 0, write
    owner.execute("TRUNCATE outrider.audit_logs")
    later(timedelta(hours=2))
    assert lists(owner, operator, names) == {}
    assert trail(owner) == []
    record_property("printed", f"0 rows without a session, {sum(map(len, seen.values()))} in {len(names)} tables with one, 0 after it; {len(names)} reads in the trail")  # fmt: skip


def trail(conn: Conn) -> list[tuple[object, ...]]:
    return ask(
        conn,
        "SELECT resource_id, tenant_id, reason FROM outrider.audit_logs WHERE action = 'support_read'",
    )


def touched(conn: Conn, asker: Asker, query: str) -> int:
    try:
        with asking(conn, asker):
            return conn.execute(cast(LiteralString, query)).rowcount
    except psycopg.Error:
        return 0


def test_a_read_that_cannot_be_written_down_is_refused_and_a_members_is_not(
    owner: Conn, world: World
) -> None:
    owner.execute(OPEN, (world.theirs,))
    owner.execute("SET default_transaction_read_only = on")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        lists(owner, client("op-none"), {"outrider.leads"})
    assert len(lists(owner, client("owner"), {"outrider.leads"})) == 1


@pytest.mark.parametrize("change", [
    "UPDATE outrider.support_sessions SET ended_at = now()",
    "UPDATE outrider.support_sessions SET expires_at = now() WHERE expires_at > now()",
    "UPDATE outrider.users SET is_operator = false",
    "UPDATE outrider.users SET deleted_at = now()",
    "UPDATE outrider.tenants SET deleted_at = now()",
])  # fmt: skip
def test_a_session_that_is_over_reads_nothing(
    owner: Conn, world: World, change: LiteralString
) -> None:
    owner.execute(OPEN, (world.theirs,))
    owner.execute(change)
    assert lists(owner, client("op-none"), client_tables(owner)) == {}


def test_a_session_lasts_eight_hours_at_most(owner: Conn, world: World) -> None:
    owner.execute(OPEN, (world.theirs,))
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute(
            "UPDATE outrider.support_sessions SET expires_at = started_at + interval '8h 1s'"
        )
