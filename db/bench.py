"""The benchmarks' unit of work, and the bare ways that are its limit. Never used by the fleet."""

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from db.pool import Connection, Tx, connect

_GATE = 7_362_011


def prepare(owner_dsn: str, *, rows: int) -> None:
    """Make the scratch tables `bench.item` and `bench.done`, with `rows` items; drops old ones.

    Also drops jobs of an earlier run that was cut off. Every measurement starts from a checkpoint.
    """
    with connect(owner_dsn) as conn:
        conn.execute("DROP SCHEMA IF EXISTS bench CASCADE")
        conn.execute("CREATE SCHEMA bench")
        conn.execute("CREATE TABLE bench.item (id bigint PRIMARY KEY, hits integer NOT NULL)")
        conn.execute(
            """
            CREATE TABLE bench.done (
                id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                item_id bigint NOT NULL,
                at      timestamptz NOT NULL DEFAULT clock_timestamp())
            """
        )
        conn.execute("INSERT INTO bench.item SELECT i, 0 FROM generate_series(1, %s) AS i", (rows,))
        conn.execute("GRANT USAGE ON SCHEMA bench TO outrider_worker, outrider_app")
        conn.execute(
            "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA bench TO outrider_worker, outrider_app"
        )
        if conn.execute("DELETE FROM outrider.jobs WHERE actor LIKE 'bench.%'").rowcount:
            conn.execute("VACUUM outrider.jobs")
        conn.execute("ANALYZE bench.item")
        conn.execute("CHECKPOINT")


def drop(owner_dsn: str) -> None:
    """Leave nothing of the benchmarks: no tables, tenants, jobs, lanes or history; idempotent."""
    with connect(owner_dsn) as conn:
        conn.execute("DROP SCHEMA IF EXISTS bench CASCADE")
        conn.execute("DELETE FROM outrider.jobs WHERE actor LIKE 'bench.%'")
        conn.execute(
            """
            DELETE FROM outrider.jobs
             WHERE tenant_id IN (SELECT id FROM outrider.tenants WHERE slug LIKE 'bench-%')
            """
        )
        conn.execute(
            """
            DELETE FROM outrider.job_keys
             WHERE tenant_id IN (SELECT id FROM outrider.tenants WHERE slug LIKE 'bench-%')
            """
        )
        conn.execute("DELETE FROM outrider.job_log WHERE actor LIKE 'bench.%'")
        conn.execute("DELETE FROM outrider.lanes WHERE actor LIKE 'bench.%'")
        conn.execute("DELETE FROM outrider.lane_rules WHERE actor LIKE 'bench.%'")
        conn.execute(
            """
            WITH gone AS (DELETE FROM outrider.tenants WHERE slug LIKE 'bench-%' RETURNING id)
            DELETE FROM outrider.shares WHERE tenant_id IN (SELECT id FROM gone)
            """
        )
        conn.execute("VACUUM outrider.jobs, outrider.job_log")


def unit(tx: Tx, item: int) -> None:
    """Read a row, update it, insert a row."""
    _unit(tx.conn, item)


def _unit(conn: Connection, item: int) -> None:
    conn.execute("SELECT hits FROM bench.item WHERE id = %s", (item,)).fetchone()
    conn.execute("UPDATE bench.item SET hits = hits + 1 WHERE id = %s", (item,))
    conn.execute("INSERT INTO bench.done (item_id) VALUES (%s)", (item,))


def units(tx: Tx, items: Sequence[int]) -> None:
    """The unit for many items with the same three statements."""
    given = {"items": list(items)}
    tx.conn.execute("SELECT hits FROM bench.item WHERE id = ANY(%(items)s)", given).fetchall()
    tx.conn.execute("UPDATE bench.item SET hits = hits + 1 WHERE id = ANY(%(items)s)", given)
    tx.conn.execute("INSERT INTO bench.done (item_id) SELECT unnest(%(items)s::bigint[])", given)


class Bare:
    """What an ordinary program would use: psycopg's own defaults, a pool, a transaction."""

    def __init__(self, dsn: str, size: int) -> None:
        """`size` connections, all open before this returns."""
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            dsn, min_size=size, max_size=size, open=True
        )
        self._pool.wait(30)

    def unit(self, item: int) -> None:
        """One unit in one transaction."""
        with self._pool.connection() as conn:
            _unit(conn, item)

    def loop(self, items: Sequence[int]) -> None:
        """Units one after the other on one connection, a transaction each."""
        with self._pool.connection() as conn:
            for item in items:
                with conn.transaction():
                    _unit(conn, item)

    def pass_gate(self) -> None:
        """Block until nobody holds the gate."""
        with self._pool.connection() as conn:
            conn.execute("SELECT pg_advisory_xact_lock_shared(%s)", (_GATE,))

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


@contextmanager
def gate(owner_dsn: str) -> Generator[None]:
    """Hold up whoever wants to pass, until the block ends."""
    with connect(owner_dsn) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", (_GATE,))
        yield


def count_waiting(conn: Connection) -> int:
    """How many processes stand at the gate."""
    row = conn.execute(
        """
        SELECT count(*) FROM pg_locks
         WHERE locktype = 'advisory' AND objid = %s AND objsubid = 1 AND NOT granted
        """,
        (_GATE,),
    ).fetchone()
    return _int(row)


def count_done(conn: Connection) -> int:
    """Units done since `prepare`."""
    return _int(conn.execute("SELECT count(*) FROM bench.done").fetchone())


def last_job_id(conn: Connection) -> int:
    """The newest job's id, 0 when there never was one; every later job has a higher one."""
    query = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM outrider.job_ids"
    return _int(conn.execute(query).fetchone())


def count_finished(conn: Connection, tenant_id: UUID, *, after: int) -> int:
    """Jobs of a tenant, with an id above `after`, that the log calls done."""
    row = conn.execute(
        """
        SELECT count(*) FROM outrider.job_log
         WHERE job_id > %s AND tenant_id = %s AND outcome = 'done'
        """,
        (after, tenant_id),
    ).fetchone()
    return _int(row)


def insert_bare(dsn: str, *, rows: int, batch: int) -> float:
    """Rows like a job's actor and payload into a plain table with a key; seconds that it took.

    One statement and one commit per `batch`. The table is made and dropped here.
    """
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("CREATE TABLE bench.plain (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
                     "actor text NOT NULL, payload jsonb NOT NULL)")  # fmt: skip
        started = time.perf_counter()
        for first in range(0, rows, batch):
            payloads = [f'{{"item": {item}}}' for item in range(first, first + batch)]
            conn.execute(
                "INSERT INTO bench.plain (actor, payload) SELECT 'bench.pure', unnest(%s::text[])::jsonb",
                (payloads,),
            )
        seconds = time.perf_counter() - started
        conn.execute("DROP TABLE bench.plain")
    return seconds


def _int(row: tuple[object, ...] | None) -> int:
    return int(str(row[0])) if row else 0
