"""The benchmarks' unit of work, and the bare loop that is its limit. Never used by the fleet."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from db.pool import Tx, connect


@dataclass(frozen=True, slots=True)
class Pace:
    """How many units were done, and the seconds between the first and the last."""

    units: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Units per second; the first only starts the watch."""
        return (self.units - 1) / self.seconds if self.seconds else 0.0


def prepare(owner_dsn: str, *, rows: int) -> None:
    """Make the scratch tables `bench.item` and `bench.done`, with `rows` items; drops old ones."""
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


def unit(tx: Tx, item: int) -> None:
    """Read a row, update it, insert a row."""
    _unit(tx.conn, item)


def _unit(conn: psycopg.Connection[tuple[object, ...]], item: int) -> None:
    conn.execute("SELECT hits FROM bench.item WHERE id = %s", (item,)).fetchone()
    conn.execute("UPDATE bench.item SET hits = hits + 1 WHERE id = %s", (item,))
    conn.execute("INSERT INTO bench.done (item_id) VALUES (%s)", (item,))


def bare(dsn: str, items: range) -> None:
    """The unit in a loop on one connection, one transaction each: nothing can be faster."""
    with connect(dsn) as conn:
        for item in items:
            with conn.transaction():
                _unit(conn, item)


class Bare:
    """What an ordinary Dramatiq actor would use: a pool, a transaction, the unit."""

    def __init__(self, dsn: str, size: int) -> None:
        self._pool: ConnectionPool[psycopg.Connection[tuple[object, ...]]] = ConnectionPool(
            dsn, min_size=1, max_size=size, open=True, check=ConnectionPool.check_connection
        )

    def unit(self, item: int) -> None:
        """One unit in one transaction."""
        with self._pool.connection() as conn, conn.transaction():
            _unit(conn, item)


def pace(owner_dsn: str) -> Pace:
    """How fast the units in `bench.done` were done; empties it."""
    with connect(owner_dsn) as conn:
        row = conn.execute(
            "SELECT count(*), extract(epoch FROM max(at) - min(at))::float8 FROM bench.done"
        ).fetchone()
        conn.execute("TRUNCATE bench.done")
    assert row is not None
    return Pace(int(str(row[0])), float(str(row[1] or 0)))


def count_done(owner_dsn: str) -> int:
    """Units done since the last `pace`."""
    with connect(owner_dsn) as conn:
        row = conn.execute("SELECT count(*) FROM bench.done").fetchone()
    return int(str(row[0])) if row else 0


def starts(owner_dsn: str, tenant_id: UUID) -> list[timedelta]:
    """Enqueue to start, for every finished job of a tenant, in the order they were enqueued."""
    with connect(owner_dsn) as conn:
        rows = conn.execute(
            """
            SELECT started_at - enqueued_at FROM outrider.job_log
             WHERE tenant_id = %s ORDER BY job_id
            """,
            (tenant_id,),
        ).fetchall()
    return [row[0] for row in rows if isinstance(row[0], timedelta)]
