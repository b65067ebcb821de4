"""What waits costs an idle poll nothing: promotion reads by index what is due, and only that."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, LiteralString

import pytest

from db import Database, dispatch

Peek = Callable[..., list[tuple[Any, ...]]]

WAITING: LiteralString = """
    INSERT INTO outrider.jobs (actor, payload, max_attempts, state, due_at, retry_at)
    SELECT 'house.nudge_crm', '{}', 8, 'delayed', now() + n * interval '1 hour',
           CASE WHEN n %% 2 = 0 THEN now() + n * interval '1 hour' END
      FROM generate_series(%s::integer, %s::integer) n"""


@pytest.fixture
def many(peek: Peek) -> None:
    """Five thousand rows that wait or back off for hours to come; nobody has looked at them yet."""
    peek("ALTER TABLE outrider.jobs SET (autovacuum_enabled = off)")
    peek(WAITING, 1, 5000)


def promote(database: Database, limit: int = 500) -> tuple[int, int, int]:
    """How many became ready, how often the whole table was read, and how many rows were looked at."""
    with database.hat("dispatcher") as tx:
        promoted = dispatch.promote(tx, limit=limit)
        read = tx.conn.execute(
            """
            SELECT seq_scan, coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables
             WHERE relid = 'outrider.jobs'::regclass"""
        ).fetchone()
    assert read
    return promoted, int(str(read[0])), int(str(read[1]))


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("analyzed", [False, True])
def test_rows_that_are_not_due_are_not_looked_at(
    database: Database, peek: Peek, *, analyzed: bool
) -> None:
    if analyzed:
        peek("ANALYZE outrider.jobs")
    assert promote(database) == (0, 0, 0)
    peek(WAITING, -20, -1)
    promoted, whole, rows = promote(database)
    assert (promoted, whole) == (20, 0)
    assert rows <= 4 * 20


@pytest.mark.usefixtures("many")
def test_what_is_due_becomes_ready_in_bulk_up_to_the_limit_of_each_kind(
    database: Database, later: Callable[[timedelta], None], peek: Peek
) -> None:
    later(timedelta(days=300))  # business waits are over; backoff is on the real clock
    assert promote(database, 1000)[:2] == (1000, 0)
    assert promote(database, 2000)[:2] == (1500, 0)
    assert peek("SELECT state, count(*) FROM outrider.jobs GROUP BY 1 ORDER BY 1") == [
        ("delayed", 2500), ("ready", 2500)]  # fmt: skip
