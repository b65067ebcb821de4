"""The chaos run's own tables, which no tenant's row level security guards: what jobs did, and what was asked.

None has a unique key where the engine promises uniqueness, so that a broken promise leaves a row.
Never used by the fleet.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from db.pool import Tx, connect


def prepare(owner_dsn: str) -> None:
    """Make the schema `chaos`, empty; drops an old one."""
    with connect(owner_dsn) as conn:
        conn.execute("DROP SCHEMA IF EXISTS chaos CASCADE")
        conn.execute("CREATE SCHEMA chaos")
        conn.execute(
            """
            CREATE TABLE chaos.deeds (
                job_id bigint NOT NULL, kind text NOT NULL, number bigint NOT NULL, child bigint,
                at timestamptz NOT NULL DEFAULT clock_timestamp())
            """
        )
        conn.execute("CREATE TABLE chaos.chains (id bigint PRIMARY KEY, stopped boolean NOT NULL)")
        conn.execute("CREATE TABLE chaos.entries (nth integer PRIMARY KEY, body jsonb NOT NULL)")
        conn.execute("GRANT USAGE ON SCHEMA chaos TO outrider_worker, outrider_operator")
        conn.execute("GRANT SELECT ON ALL TABLES IN SCHEMA chaos TO outrider_operator")
        conn.execute(
            "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA chaos TO outrider_worker"
        )


def add_deed(tx: Tx, *, job_id: int, kind: str, number: int, child: int | None = None) -> None:
    """Say that a job did its work; as often as it is called."""
    tx.run(
        """
        INSERT INTO chaos.deeds (job_id, kind, number, child)
        VALUES (%(job)s, %(kind)s, %(number)s, %(child)s)
        """,
        {"job": job_id, "kind": kind, "number": number, "child": child},
    )


def add_chain(tx: Tx, chain: int) -> None:
    """A chain that nobody has stopped."""
    tx.run("INSERT INTO chaos.chains (id, stopped) VALUES (%(id)s, false)", {"id": chain})


def stop_chain(tx: Tx, chain: int) -> None:
    """Stop a chain; waits for a step that is being claimed."""
    tx.run("UPDATE chaos.chains SET stopped = true WHERE id = %(id)s", {"id": chain})


def is_stopped(tx: Tx, chain: int) -> bool:
    """Whether a chain is stopped; if not, it stays so until `tx` ends."""
    return bool(
        tx.value("SELECT stopped FROM chaos.chains WHERE id = %(id)s FOR SHARE", {"id": chain})
    )


def plant(tx: Tx, *, actor: str, number: int) -> int:
    """Queue a job whose payload no version of its actor could read; returns its id."""
    return int(
        str(
            tx.value(
                """
                INSERT INTO outrider.jobs (actor, payload, max_attempts)
                VALUES (%(actor)s, %(payload)s, 8) RETURNING id
                """,
                {"actor": actor, "payload": Jsonb({"no": [number, None]})},
            )
        )
    )


def add_entry(tx: Tx, nth: int, body: dict[str, object]) -> None:
    """Keep what a transaction of the producer did, in that transaction."""
    tx.run(
        "INSERT INTO chaos.entries (nth, body) VALUES (%(nth)s, %(body)s)",
        {"nth": nth, "body": Jsonb(body)},
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """What one transaction of the producer did."""

    nth: int
    body: dict[str, object]


def list_entries(tx: Tx, *, after: int) -> list[Entry]:
    """What the producer committed after entry number `after`, in order."""
    return tx.list(
        Entry,
        "SELECT nth, body FROM chaos.entries WHERE nth > %(after)s ORDER BY nth",
        {"after": after},
    )


def fill_login(owner_dsn: str) -> None:
    """Refuse every further connection of the fleet's login, as a full server does."""
    with connect(owner_dsn) as conn:
        conn.execute("ALTER ROLE outrider_app CONNECTION LIMIT 1")


def free_login(owner_dsn: str) -> None:
    """Let the fleet's login connect again; idempotent."""
    with connect(owner_dsn) as conn:
        conn.execute("ALTER ROLE outrider_app CONNECTION LIMIT -1")


def vacuum(owner_dsn: str) -> int:
    """Vacuum the hot table; returns the dead rows that something still holds."""
    with connect(owner_dsn) as conn:
        conn.execute("VACUUM (ANALYZE) outrider.jobs")
        row = conn.execute(
            """
            SELECT pg_stat_get_dead_tuples('outrider.jobs'::regclass) FROM pg_stat_clear_snapshot()
            """
        ).fetchone()
    return int(str(row[0])) if row else 0


def end_backends(owner_dsn: str, most: int) -> int:
    """Terminate up to `most` connections of the fleet, chosen by chance; returns how many."""
    with connect(owner_dsn) as conn:
        rows = conn.execute(
            """
            SELECT pg_terminate_backend(pid) FROM (
                SELECT pid FROM pg_stat_activity WHERE usename = 'outrider_app'
                 ORDER BY random() LIMIT %s) AS victims
            """,
            (most,),
        ).fetchall()
    return len(rows)


@dataclass(frozen=True, slots=True)
class Held:
    """A job in the hands of a process, under a token."""

    id: int
    token: int
    actor: str
    started_at: datetime


def list_held(tx: Tx, pid: int) -> list[Held]:
    """What the process with this number runs, by its own session."""
    return tx.list(
        Held,
        """
        SELECT j.id, j.token, j.actor, j.started_at FROM outrider.jobs j
          JOIN outrider.sessions s ON s.id = j.session_id
         WHERE s.pid = %(pid)s AND j.state = 'running' ORDER BY j.id
        """,
        {"pid": pid},
    )


def list_pids(tx: Tx, *, silent: float) -> set[int]:
    """The processes that have beaten within the last `silent` seconds."""
    rows = tx.conn.execute(
        """
        SELECT pid FROM outrider.sessions
         WHERE beat_at > clock_timestamp() - make_interval(secs => %(silent)s)
        """,
        {"silent": silent},
    ).fetchall()
    return {int(str(pid)) for (pid,) in rows}


@dataclass(frozen=True, slots=True)
class Wait:
    """A job that was held by a dead process, and what it waits for."""

    id: int
    held: bool
    """Still under the dead process's token."""
    started_at: datetime
    """Of its latest attempt."""


def list_waits(tx: Tx, ids: list[int], tokens: list[int]) -> list[Wait]:
    """Those of these jobs that are unfinished."""
    return tx.list(
        Wait,
        """
        SELECT id, token IS NOT NULL AND token = ANY(%(tokens)s::bigint[]) AS held, started_at
          FROM outrider.jobs WHERE id = ANY(%(ids)s::bigint[])
        """,
        {"ids": ids, "tokens": tokens},
    )
