"""A bare COPY of a file, the limit of any import. Never used by the fleet."""

import time
from pathlib import Path

from psycopg import sql

from db.pool import Connection

_PIECE = 1 << 18


def prepare(conn: Connection, *, columns: int) -> None:
    """Make `bench.copied`, a table of so many text columns and nothing else; dropped with the schema."""
    conn.execute("CREATE SCHEMA IF NOT EXISTS bench")
    names = sql.SQL(", ").join(
        sql.SQL("{} text").format(sql.Identifier(f"c{number}")) for number in range(columns)
    )
    conn.execute(sql.SQL("CREATE TABLE bench.copied ({})").format(names))


def copy_file(conn: Connection, path: Path) -> float:
    """Seconds that a CSV file with a header takes to be copied and committed; the rows go again."""
    conn.execute("CHECKPOINT")
    started = time.perf_counter()
    with (
        path.open("rb") as file,
        conn.cursor() as cursor,
        cursor.copy("COPY bench.copied FROM STDIN (FORMAT csv, HEADER)") as copy,
    ):
        while piece := file.read(_PIECE):
            copy.write(piece)
    seconds = time.perf_counter() - started
    conn.execute("TRUNCATE bench.copied")
    return seconds
