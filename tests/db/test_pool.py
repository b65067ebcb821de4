"""Transactions: one hat, one tenant, nothing left behind, and one name for every kind of absence."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from uuid import UUID

import psycopg
import pytest

from db import Database
from db.pool import DatabaseAway

WHO = "SELECT current_user || ' ' || coalesce(current_setting('outrider.tenant_id', true), '')"


def test_a_hat_is_on_for_one_transaction_only(dsn: str, database: Database, tenant: UUID) -> None:
    narrow = Database(dsn, max_size=1)  # every transaction gets the same connection
    narrow.open()
    with narrow.tenant(tenant, trace_id="t", job_id=7) as tx:
        assert tx.value(WHO) == f"outrider_worker {tenant}"
        assert tx.value("SELECT outrider.current_job_id()") == 7
    with narrow.hat("operator") as tx:
        assert tx.value(WHO) == "outrider_operator "
        assert tx.value("SELECT outrider.current_trace_id()") is None
        assert tx.value("SELECT outrider.current_job_id()") is None
    with narrow._pool.connection() as conn:
        assert conn.execute(WHO).fetchone() == ("outrider_app ",)
    narrow.close()


def test_a_session_that_the_server_ended_counts_as_away(database: Database, tenant: UUID) -> None:
    """A process that was frozen within a transaction finds its session gone."""
    with pytest.raises(DatabaseAway), database.tenant(tenant) as tx:
        tx.run("SET LOCAL idle_in_transaction_session_timeout = '20ms'")
        sleep(0.2)
        tx.value("SELECT 1")
    with database.tenant(tenant) as tx:
        assert tx.value("SELECT 1") == 1


def test_a_session_that_was_killed_counts_as_away(
    owner_dsn: str, database: Database, tenant: UUID
) -> None:
    with pytest.raises(DatabaseAway, match=r"^Postgres"), database.tenant(tenant) as tx:
        number = tx.value("SELECT pg_backend_pid()")
        with psycopg.connect(owner_dsn) as conn:
            conn.execute("SELECT pg_terminate_backend(%s)", (number,))
        tx.value("SELECT pg_sleep(1)")


def test_a_statement_that_takes_too_long_is_given_up(database: Database, tenant: UUID) -> None:
    with pytest.raises(DatabaseAway), database.tenant(tenant) as tx:
        tx.run("SET LOCAL statement_timeout = '20ms'")
        tx.value("SELECT pg_sleep(1)")


def test_a_bug_in_a_query_stays_a_bug(database: Database, tenant: UUID) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable), database.tenant(tenant) as tx:
        tx.run("SELECT 1 FROM outrider.nowhere")


def test_statements_are_prepared_where_the_session_is_ours(database: Database) -> None:
    with database.hat("operator") as tx:
        for _ in range(10):
            tx.value("SELECT 42")
        prepared = "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 42'"
        assert tx.value(prepared) == 1


@pytest.mark.needs("pgbouncer")
def test_no_statement_is_prepared_behind_a_transaction_pooler(
    dsn: str, pooled: Callable[[str], str], tenant: UUID
) -> None:
    behind = Database(pooled(dsn), max_size=16)  # more than the pooler has sessions
    behind.open()

    def work(_: int) -> None:
        for _ in range(20):
            with behind.tenant(tenant) as tx:
                assert tx.value(WHO) == f"outrider_worker {tenant}"
                assert tx.value("SELECT count(*) FROM pg_prepared_statements") == 0

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    with behind.hat("operator") as tx:
        assert tx.value(WHO) == "outrider_operator "
    behind.close()
