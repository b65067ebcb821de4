"""What happens to the jobs of a process that is killed, by the database's clock. Bench only."""

from collections.abc import Sequence
from dataclasses import dataclass

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Holding:
    """What processes had in hand at a moment; times are seconds of the database's clock."""

    at: float
    ran: dict[int, float]
    """Jobs they ran, and when the process that ran each was last heard."""
    unread: dict[int, float]
    """Jobs that somebody held a ticket for and had not begun, and when their lease ends."""


def sessions(conn: Connection, pids: Sequence[int]) -> dict[int, int]:
    """The live sessions of these processes, by process."""
    rows = conn.execute(
        "SELECT pid, max(id) FROM outrider.sessions WHERE pid = ANY(%s) GROUP BY pid", (list(pids),)
    ).fetchall()
    return {int(str(pid)): int(str(session)) for pid, session in rows}


def count(conn: Connection, actor: str, state: str) -> int:
    """Jobs of an actor in one state."""
    row = conn.execute(
        "SELECT count(*) FROM outrider.jobs WHERE actor = %s AND state::text = %s", (actor, state)
    ).fetchone()
    return int(str(row[0])) if row else 0


def holding(conn: Connection, actor: str, pids: Sequence[int]) -> Holding:
    """What these processes run, and every ticket that is on its way."""
    rows = conn.execute(
        """
        SELECT j.id, extract(epoch FROM s.beat_at)::float8, extract(epoch FROM j.lease_until)::float8,
               extract(epoch FROM clock_timestamp())::float8
          FROM outrider.jobs j LEFT JOIN outrider.sessions s ON s.id = j.session_id
         WHERE j.actor = %s AND (j.state = 'dispatched' OR j.state = 'running' AND s.pid = ANY(%s))
        """,
        (actor, list(pids)),
    ).fetchall()
    ran = {int(str(row[0])): float(str(row[1])) for row in rows if row[1] is not None}
    unread = {int(str(row[0])): float(str(row[2])) for row in rows if row[2] is not None}
    return Holding(float(str(rows[0][3])) if rows else 0.0, ran, unread)


def restarts(conn: Connection, held: Holding) -> dict[int, float]:
    """When each job that runs again, or at last, was started."""
    rows = conn.execute(
        """
        SELECT id, extract(epoch FROM started_at)::float8 FROM outrider.jobs
         WHERE state = 'running' AND extract(epoch FROM started_at) > %s
           AND (id = ANY(%s) AND attempt > 1 OR id = ANY(%s))
        """,
        (held.at, list(held.ran), list(held.unread)),
    ).fetchall()
    return {int(str(job_id)): float(str(at)) for job_id, at in rows}


def forget(conn: Connection, pids: Sequence[int]) -> None:
    """Drop the sessions of processes that are gone; idempotent."""
    conn.execute("DELETE FROM outrider.sessions WHERE pid = ANY(%s)", (list(pids),))


def silence(conn: Connection, pid: int) -> float:
    """Seconds since a process was last heard; 0 when it has been given up."""
    row = conn.execute(
        """
        SELECT extract(epoch FROM clock_timestamp() - max(beat_at))::float8
          FROM outrider.sessions WHERE pid = %s
        """,
        (pid,),
    ).fetchone()
    return float(str(row[0])) if row and row[0] is not None else 0.0


def stuck(conn: Connection) -> bool:
    """Whether a process of the fleet keeps a transaction open, as one that was stopped in it does."""
    row = conn.execute(
        """
        SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name LIKE 'outrider%'
           AND pid <> pg_backend_pid() AND xact_start < clock_timestamp() - interval '0.5 seconds'
        """
    ).fetchone()
    return row is not None and row[0] != 0
