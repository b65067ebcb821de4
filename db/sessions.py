"""Table `sessions`: one heartbeat row per live worker process, on the database's clock only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Session:
    """A live process, and how long it has been silent."""

    id: int
    host: str
    pid: int
    actors: list[str]
    threads: int
    silent: timedelta


def add(tx: Tx, *, host: str, pid: int, actors: Sequence[str], threads: int) -> int:
    """Announce a process that runs these actors; returns the session's id."""
    return int(
        str(
            tx.value(
                """
                INSERT INTO outrider.sessions (host, pid, actors, threads)
                VALUES (%(host)s, %(pid)s, %(actors)s, %(threads)s) RETURNING id
                """,
                {"host": host, "pid": pid, "actors": list(actors), "threads": threads},
            )
        )
    )


def beat(tx: Tx, session_id: int) -> bool:
    """Say "still here"; False when the sweeper already counted this process as dead."""
    return bool(
        tx.run(
            "UPDATE outrider.sessions SET beat_at = clock_timestamp() WHERE id = %(id)s",
            {"id": session_id},
        )
    )


def remove(tx: Tx, session_id: int) -> None:
    """Say good-bye; idempotent. Whatever the process still ran is recovered by the next sweep."""
    tx.run("DELETE FROM outrider.sessions WHERE id = %(id)s", {"id": session_id})


def count_threads(tx: Tx, actors: Sequence[str]) -> int:
    """Threads of all live processes that run any of these actors."""
    return int(
        str(
            tx.value(
                """
                SELECT coalesce(sum(threads), 0) FROM outrider.sessions WHERE actors && %(actors)s
                """,
                {"actors": list(actors)},
            )
        )
    )


def list_live(tx: Tx) -> list[Session]:
    """Every process that has not been swept, oldest first."""
    return tx.list(
        Session,
        """
        SELECT id, host, pid, actors, threads, clock_timestamp() - beat_at AS silent
          FROM outrider.sessions ORDER BY id
        """,
    )
