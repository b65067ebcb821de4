"""Each role tries to read and change every table of another tenant, in every way there is, and gets nothing."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Database, claims
from tests.db.isolation import EXECUTOR, Asker, askers, attack, wear
from tests.db.planted_world import Conn, World, ask, client_tables, plant, tables
from tests.factories import LIMIT, Toy, enqueue, pick, session, tenant_called

Peek = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def owner(owner_dsn: str) -> Iterator[Conn]:
    with psycopg.connect(owner_dsn, autocommit=True) as conn:
        conn.execute(EXECUTOR)
        yield conn


@pytest.fixture
def world(owner: Conn) -> World:
    return plant(owner)


def test_nobody_gets_at_another_tenant(
    owner: Conn,
    world: World,
    subtests: pytest.Subtests,
    record_property: Callable[[str, object], None],
) -> None:
    tried: Counter[str] = Counter()
    for asker in askers(world):
        with subtests.test(asker.name):
            outcome = attack(owner, world, asker)
            tried[asker.hat] += outcome.tried
            assert outcome.leaked == []
            assert outcome.pointed == []
            assert outcome.changed == []
    assert tried.total() > 5000
    record_property(
        "printed",
        f"{tried.total():,} attempts: " + ", ".join(f"{hat} {n:,}" for hat, n in tried.items()),
    )


def test_the_attack_sees_what_the_victims_own_people_see(owner: Conn, world: World) -> None:
    """Else its silence would prove nothing."""
    tables = client_tables(owner)
    member = attack(owner, world, Asker("victim", "client", {"outrider.subject": "victim"}))
    assert {
        table for table in tables if any(f"FROM {table} t" in query for query in member.leaked)
    } == tables
    worker = attack(
        owner, world, Asker("victim", "worker", {"outrider.tenant_id": str(world.theirs)})
    )
    assert len(worker.leaked) > 60
    assert len(worker.changed) > 20


def test_the_ticket_of_another_tenants_job_claims_nothing(database: Database, tenant: UUID) -> None:
    """Right job, right actor, live process, wrong tenant."""
    [job_id] = enqueue(database, tenant, Toy())
    assert job_id in pick(database)
    process = session(database, "toy.plain")
    for wrong in (tenant_called(database, "stranger"), None):
        with database.tenant(wrong) as tx:
            assert (
                claims.claim(tx, [job_id], actor="toy.plain", session_id=process, limit=LIMIT) == []
            )
    with database.tenant(tenant) as tx:
        [claimed] = claims.claim(tx, [job_id], actor="toy.plain", session_id=process, limit=LIMIT)
    assert claimed.tenant_id == tenant


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40))
def test_a_worker_whose_tenant_is_garbage_reads_nothing(
    owner: Conn, world: World, said: str
) -> None:
    try:
        with owner.transaction():
            wear(owner, Asker("", "worker", {"outrider.tenant_id": said}))
            assert ask(owner, "SELECT id FROM outrider.leads") == []
            owner.execute("RESET ROLE")
    except psycopg.errors.InvalidTextRepresentation:
        pass  # it says so, and reads nothing either


def test_every_table_of_tenants_has_a_planted_row(owner: Conn, world: World) -> None:
    for table, of_tenant in tables(owner).items():
        if of_tenant:
            assert ask(owner, f"SELECT 1 FROM {table} WHERE tenant_id = '{world.theirs}'"), table


WRITES = {"outrider.companies", "outrider.leads", "outrider.memberships", "outrider.users"}
"""What people may change by SQL, each within the policies of its table. Plans, credits and usage are not here."""


def test_people_may_change_these_tables_and_no_others(owner: Conn) -> None:
    found = {
        table
        for table in tables(owner)
        if ask(owner, f"""SELECT has_any_column_privilege(r, t, 'insert, update') OR has_table_privilege(r, t, 'delete, truncate')
                            FROM (VALUES ('outrider_client', '{table}')) v (r, t)""") == [(True,)]
    }  # fmt: skip
    assert found == WRITES
    assert ask(owner, """SELECT string_agg(attname, ',') FROM pg_attribute WHERE attrelid = 'outrider.users'::regclass
                            AND has_column_privilege('outrider_client', attrelid, attnum, 'update')""") == [("full_name",)]  # fmt: skip
