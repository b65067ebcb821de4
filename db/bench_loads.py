"""Big loads for the benchmarks, made by one statement each, and what became of them. Bench only."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from db.pool import Connection

DELAYED = "bench.delayed"


@dataclass(frozen=True, slots=True)
class Size:
    """What the table of unfinished jobs takes on disk."""

    table_mb: float
    indexes_mb: float


def delay(conn: Connection, *, rows: int, tenants: Sequence[UUID], due_in: str) -> None:
    """Rows that wait, spread over 30 days from `due_in` on (an interval) and over the tenants."""
    conn.execute(
        """
        INSERT INTO outrider.jobs (tenant_id, actor, payload, state, due_at, max_attempts)
        SELECT (%(tenants)s::uuid[])[1 + i %% %(count)s], %(actor)s, jsonb_build_object('item', i),
               'delayed', outrider.now() + %(due_in)s::interval + (i %% 2592000) * interval '1 second', 8
          FROM generate_series(1, %(rows)s) AS i
        """,
        {"tenants": list(tenants), "count": len(tenants), "actor": DELAYED, "rows": rows,
         "due_in": due_in},
    )  # fmt: skip


def make_due(conn: Connection, *, rows: int, tenants: Sequence[UUID]) -> None:
    """Rows that waited and are due by now."""
    conn.execute(
        """
        INSERT INTO outrider.jobs (tenant_id, actor, payload, state, due_at, max_attempts)
        SELECT (%(tenants)s::uuid[])[1 + i %% %(count)s], %(actor)s, jsonb_build_object('item', i),
               'delayed', outrider.now() - (%(rows)s - i) * interval '1 millisecond', 8
          FROM generate_series(1, %(rows)s) AS i
        """,
        {"tenants": list(tenants), "count": len(tenants), "actor": DELAYED, "rows": rows},
    )


def settle(conn: Connection) -> Size:
    """Vacuum and analyse, as autovacuum does in its own time; the size afterwards."""
    conn.execute("VACUUM ANALYZE outrider.jobs")
    conn.execute("CHECKPOINT")
    row = conn.execute(
        """
        SELECT pg_table_size('outrider.jobs') / 1048576.0, pg_indexes_size('outrider.jobs') / 1048576.0
        """
    ).fetchone()
    assert row is not None
    return Size(round(float(str(row[0])), 1), round(float(str(row[1])), 1))


def shrink(conn: Connection) -> None:
    """Give back the disk that indexes of deleted rows still hold."""
    conn.execute("REINDEX TABLE outrider.jobs")


def count(conn: Connection, state: str) -> int:
    """Delayed rows of the benchmark that are in a state now."""
    row = conn.execute(
        "SELECT count(*) FROM outrider.jobs WHERE actor = %s AND state::text = %s", (DELAYED, state)
    ).fetchone()
    return int(str(row[0])) if row else 0


def waits(conn: Connection, tenants: Sequence[UUID], *, after: int) -> list[float]:
    """Seconds from enqueue to start, shortest first, of what these tenants have done.

    Jobs with an id above `after` only; so says `finished`.
    """
    rows = conn.execute(
        """
        SELECT extract(epoch FROM started_at - enqueued_at)::float8 AS waited FROM outrider.job_log
         WHERE job_id > %s AND tenant_id = ANY(%s) AND outcome = 'done' ORDER BY waited
        """,
        (after, list(tenants)),
    ).fetchall()
    return [float(str(row[0])) for row in rows]


def finished(conn: Connection, tenants: Sequence[UUID], *, after: int) -> dict[UUID, int]:
    """How many jobs of each of these tenants are done; none: absent."""
    rows = conn.execute(
        """
        SELECT tenant_id, count(*) FROM outrider.job_log
         WHERE job_id > %s AND tenant_id = ANY(%s) AND outcome = 'done' GROUP BY tenant_id
        """,
        (after, list(tenants)),
    ).fetchall()
    return {tenant: int(str(jobs)) for tenant, jobs in rows if isinstance(tenant, UUID)}
