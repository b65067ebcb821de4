"""What must not end a worker process's own threads, and what must not turn into a loop."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import psycopg
import pytest

from db import Database, claims, dispatch
from db.pool import DatabaseAway
from schemas.errors import RateLimited
from tests.factories import LEASE, LIMIT, Toy, enqueue, pick, session, sweep
from tests.fix_world import Bench, Fleet, spec, until
from workers.context import Context
from workers.dispatcher import Round
from workers.sessions import Heartbeat

Assemble = Callable[..., Fleet]
Peek = Callable[..., list[tuple[Any, ...]]]


@pytest.mark.parametrize("error", [
    psycopg.errors.IdleInTransactionSessionTimeout, psycopg.errors.ReadOnlySqlTransaction,
])  # fmt: skip
def test_a_passing_trouble_of_the_database_is_transient(
    database: Database, error: type[psycopg.Error]
) -> None:
    with pytest.raises(DatabaseAway), database.hat("dispatcher"):
        raise error("a fail-over")


def test_a_failover_ends_neither_dispatcher_nor_heartbeat(
    database: Database, tenant: UUID, fleet: Assemble, peek: Peek
) -> None:
    """The database turns read-only for a moment, then is itself again."""
    parts = fleet([spec(Toy, lambda _job, _ctx: None)], lease=timedelta(seconds=1))
    name = peek("SELECT current_database()")[0][0]
    peek(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    peek("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
         " WHERE datname = current_database() AND usename = 'outrider_app'")  # fmt: skip
    sleep(0.8)
    assert parts.dispatcher.is_alive()
    assert parts.heart.is_alive()
    peek(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
    peek("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
         " WHERE datname = current_database() AND usename = 'outrider_app'")  # fmt: skip

    def enqueued() -> bool:
        try:
            return bool(enqueue(database, tenant, Toy()))
        except DatabaseAway:
            return False

    until(enqueued)
    until(lambda: peek("SELECT count(*) FROM outrider.job_log WHERE outcome = 'done'")[0][0] >= 1)


def test_nobody_claims_in_the_name_of_a_dead_process(database: Database, tenant: UUID) -> None:
    [job_id] = enqueue(database, tenant, Toy())
    pick(database)
    ghost = session(database)
    with database.hat("dispatcher") as tx:
        tx.run("DELETE FROM outrider.sessions")
    with database.tenant(tenant) as tx:
        assert claims.claim(tx, [job_id], actor=Toy.name, session_id=ghost, limit=LIMIT) == []


def test_a_ticket_with_the_wrong_actor_claims_nothing(database: Database, tenant: UUID) -> None:
    [job_id] = enqueue(database, tenant, Toy())
    pick(database)
    alive = session(database)
    with database.tenant(tenant) as tx:
        assert claims.claim(tx, [job_id], actor="toy.other", session_id=alive, limit=LIMIT) == []


def test_a_scheduler_that_was_cut_off_declares_nobody_dead(database: Database) -> None:
    session(database)
    with database.hat("dispatcher") as tx:
        tx.run("UPDATE outrider.sessions SET beat_at = beat_at - interval '1 minute'")
        dispatch.sweep(tx, lease=LEASE, limit=10, deaths=False)
        assert tx.value("SELECT count(*) FROM outrider.sessions") == 1
    sweep(database)
    with database.hat("dispatcher") as tx:
        assert tx.value("SELECT count(*) FROM outrider.sessions") == 0


def test_six_dispatchers_share_one_window(database: Database, tenant: UUID, peek: Peek) -> None:
    enqueue(database, tenant, *[Toy() for _ in range(300)])
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: pick(database, window=20), range(24)))
    assert peek("SELECT count(*) FROM outrider.jobs WHERE state = 'dispatched'") == [(20,)]


def test_a_limit_that_says_now_is_not_a_loop(bench: Bench, peek: Peek) -> None:
    def handler(_job: Toy, _ctx: Context) -> None:
        raise RateLimited("now", retry_after=timedelta(0))

    bench.do(spec(Toy, handler))
    [(wait,)] = peek("SELECT retry_at - started_at FROM outrider.jobs")
    assert wait >= timedelta(milliseconds=200)


def test_a_full_window_is_looked_at_less_and_less_often(
    database: Database, tenant: UUID, fleet: Assemble
) -> None:
    parts = fleet([spec(Toy, lambda _job, _ctx: None)], works=False)
    enqueue(database, tenant, *[Toy() for _ in range(50)])
    assert parts.dispatcher.step() is Round.RUNG
    assert parts.dispatcher.step() is Round.FULL
    started = monotonic()
    for _ in range(5):
        parts.dispatcher._rest(Round.FULL)
    assert monotonic() - started > 0.16, "10, 20, 40, 50 and 50 ms, or more after a slow pick"


def test_a_process_trusts_its_lease_only_as_long_as_it_was_heard(database: Database) -> None:
    heart = Heartbeat(
        database, actors=["toy.plain"], threads=1, lease=timedelta(seconds=1)
    )  # not started: it never beats
    assert heart.trusted()
    until(lambda: not heart.trusted())
    heart.start()
    until(heart.trusted)
    heart.close()
