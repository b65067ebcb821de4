"""Plans that are kept: one made while a table was empty must serve when it is full."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from db import Database, claims, dispatch
from tests.factories import Toy, enqueue, session

LIMIT = timedelta(seconds=5)
FAMILIAR = 12
"""Executions after which no statement is planned anew."""


def work_off(database: Database, tenant: UUID, session_id: int) -> None:
    """Pick, claim and complete what waits, each claim by itself."""
    with database.hat("dispatcher") as tx:
        picked = dispatch.pick(tx, chunks={Toy.name: 1}, window=FAMILIAR, lease=LIMIT)
    for ticket in picked.tickets:
        with database.tenant(tenant, lazy=True) as tx:
            [mine] = claims.claim(
                tx, [ticket.id], actor=Toy.name, session_id=session_id, limit=LIMIT
            )
        with database.tenant(tenant) as tx:
            claims.complete(tx, mine.id, mine.token)
            tx.value("SELECT 1 FROM pg_stat_force_next_flush()")


def read_whole(database: Database) -> object:
    """Rows of `jobs` that were read without an index, ever."""
    with database.hat("operator") as tx:
        return tx.value(
            "SELECT seq_tup_read FROM pg_stat_all_tables WHERE relid = 'outrider.jobs'::regclass"
        )


def test_a_claim_planned_on_an_empty_table_goes_by_the_key_on_a_full_one(
    dsn: str, owner_dsn: str, tenant: UUID
) -> None:
    database = Database(dsn, max_size=1)  # one connection: what it planned is what it uses
    database.open()
    me = session(database)
    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        owner.execute("VACUUM outrider.jobs")
    for _ in range(2):
        enqueue(database, tenant, *[Toy() for _ in range(FAMILIAR)])
        work_off(database, tenant, me)
    enqueue(database, tenant, *[Toy() for _ in range(3000)])
    before = read_whole(database)
    work_off(database, tenant, me)
    after = read_whole(database)
    database.close()
    assert after == before


@pytest.mark.parametrize("function", ["current_tenant_id", "current_trace_id", "current_job_id"])
def test_what_every_policy_asks_becomes_part_of_the_plan(database: Database, function: str) -> None:
    query = sql.SQL("EXPLAIN (VERBOSE) SELECT {}()").format(sql.Identifier("outrider", function))
    with database.hat("operator") as tx:
        plan = "\n".join(str(line) for (line,) in tx.conn.execute(query))
    assert "current_setting" in plan
    assert "outrider.current" not in plan
