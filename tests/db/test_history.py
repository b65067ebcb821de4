"""History by the day: made ahead, never lost, forgotten whole, and migrated with what was there."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest

from db import Database, dead, job_log, partitions
from db.logins import make_app_login
from db.migrate import migrate, migrations
from db.partitions import Made
from db.pool import DatabaseAway
from schemas.enums import JobOutcome

Peek = Callable[..., list[tuple[Any, ...]]]

LINE: LiteralString = """
    INSERT INTO outrider.job_log (job_id, actor, outcome, attempt, enqueued_at, finished_at)
    SELECT id, 'a', 'done', 1, now(), now() - make_interval(days => %s) FROM unnest(%s::bigint[]) id"""
WHERE: LiteralString = "SELECT job_id, replace(tableoid::regclass::text, 'outrider.', '') FROM outrider.job_log ORDER BY 1"
BEFORE = next(n for n, m in enumerate(migrations()) if m.name == "019_history")
KEEP = timedelta(days=30)


def days(peek: Peek) -> list[str]:
    """The partitions that have bounds, earliest first."""
    return [
        str(part)
        for (part,) in peek(
            "SELECT part FROM outrider.job_log_parts() WHERE ends_at IS NOT NULL ORDER BY ends_at"
        )
    ]


def make(database: Database, ahead: int = 7) -> Made:
    with database.hat("dispatcher") as tx:
        return partitions.make_ahead(tx, days=ahead)


def drop(database: Database) -> str | None:
    with database.hat("dispatcher") as tx:
        return partitions.drop_oldest(tx, older_than=KEEP)


def age(peek: Peek, days: int) -> str:
    """Today's partition becomes one of long ago, lines and all; returns its new name."""
    peek(
        """
        DO $$
        DECLARE
          past timestamptz := date_trunc('day', now(), 'UTC') - %s * interval '24 hours';
          today text := 'job_log_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD');
        BEGIN
          EXECUTE format('ALTER TABLE outrider.job_log DETACH PARTITION outrider.%%I', today);
          EXECUTE format('UPDATE outrider.%%I SET finished_at = %%L', today, past);
          EXECUTE format('ALTER TABLE outrider.%%I RENAME TO job_log_old', today);
          EXECUTE format('ALTER TABLE outrider.job_log ATTACH PARTITION outrider.job_log_old
                          FOR VALUES FROM (%%L) TO (%%L)', past, past + interval '24 hours');
        END $$""".replace("%s", str(days)).replace("%%", "%")  # pyright: ignore[reportArgumentType]
    )
    return "job_log_old"


def test_a_new_database_has_today_and_seven_more_days(database: Database, peek: Peek) -> None:
    [(expected,)] = peek("""
        SELECT array_agg('job_log_' || to_char(d, 'YYYYMMDD') ORDER BY d)
          FROM generate_series(date_trunc('day', now() AT TIME ZONE 'UTC'),
                               date_trunc('day', now() AT TIME ZONE 'UTC') + interval '7 days', '1 day') d""")
    assert days(peek) == expected
    assert make(database) == Made(0, 0)
    assert make(database, ahead=9) == Made(2, 0)
    assert peek("SELECT problem FROM outrider.unprotected()") == []


def test_of_many_processes_that_start_at_once_one_makes_the_days(
    database: Database, peek: Peek
) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: make(database, 20), range(4)))
    assert sum(m.made for m in made) == 13
    assert len(days(peek)) == 21


def test_a_day_that_nobody_made_loses_no_line_and_gets_them_when_it_is_made(
    database: Database, peek: Peek
) -> None:
    [today, tomorrow] = days(peek)[:2]
    peek(f"DROP TABLE outrider.{today}")  # pyright: ignore[reportArgumentType]
    peek(LINE, 0, [1, 2])
    peek(LINE, 1, [3])
    assert set(peek(WHERE)) == {(n, "job_log_default") for n in (1, 2, 3)}
    assert make(database) == Made(1, 0)
    assert peek(WHERE) == [(1, today), (2, today), (3, "job_log_default")]
    peek(LINE, -1, [4])
    assert peek(WHERE)[-1] == (4, tomorrow)
    with database.tenant(None) as tx:
        assert [job_log.find(tx, n) is not None for n in (1, 3, 4, 5)] == [True, True, True, False]


def test_a_day_waits_for_whoever_writes_its_lines_into_the_default_partition(
    database: Database, peek: Peek, owner_dsn: str
) -> None:
    today = days(peek)[0]
    peek(f"DROP TABLE outrider.{today}")  # pyright: ignore[reportArgumentType]
    with psycopg.connect(owner_dsn) as writer:
        writer.execute(LINE, (0, [1]))
        assert make(database) == Made(0, 1)
    assert peek(WHERE) == [(1, "job_log_default")]
    assert make(database) == Made(1, 0)
    assert peek(WHERE) == [(1, today)]


def test_an_old_day_is_dropped_whole_and_a_younger_one_is_not(
    database: Database, peek: Peek
) -> None:
    peek(LINE, 0, list(range(1, 101)))
    age(peek, 30)  # its last line is not yet thirty days old
    assert drop(database) is None
    peek("ALTER TABLE outrider.job_log DETACH PARTITION outrider.job_log_old")
    peek("DROP TABLE outrider.job_log_old")
    make(database)
    peek(LINE, 0, list(range(1, 101)))
    old = age(peek, 31)
    assert drop(database) == old
    assert drop(database) is None
    assert peek(WHERE) == []


def test_what_a_letter_a_replay_or_a_doubt_rests_on_outlives_its_day(
    database: Database, tenant: UUID, peek: Peek, sick: list[str]
) -> None:
    sick += ["dead.unlogged", "effects.doubt_unparked"]
    peek(LINE, 0, [1, 2, 3, 4])
    age(peek, 40)
    peek("""
        INSERT INTO outrider.dead_letters (job_id, actor, payload, version, max_attempts, attempts, error_class,
                                           error_message, fingerprint, status, replay_job_id)
        VALUES (1, 'a', '{}', 1, 1, 1, 'E', 'm', 'f', 'replayed', 2)""")
    peek("""
        INSERT INTO outrider.effects (tenant_id, key, class, job_id, token, state, settled_at, reason)
        VALUES (%s, 'call', 'unrepeatable', 3, 1, 'in_doubt', now(), 'r')""", tenant)  # fmt: skip
    assert drop(database) == "job_log_old"
    assert peek(WHERE) == [(n, "job_log_default") for n in (1, 2, 3)]
    peek("DELETE FROM outrider.dead_letters")
    with database.hat("dispatcher") as tx:
        assert job_log.prune(tx, older_than=KEEP, limit=100) == 2
    assert peek(WHERE) == [(3, "job_log_default")]


def test_a_reader_that_stays_costs_a_drop_half_a_second_and_nothing_else(
    database: Database, peek: Peek, owner_dsn: str
) -> None:
    old = age(peek, 40)
    with psycopg.connect(owner_dsn) as reader:
        reader.execute(WHERE)
        with pytest.raises(DatabaseAway, match="lock timeout"):
            drop(database)
        peek(LINE, 0, [1])  # completions go on
    assert drop(database) == old


def test_a_death_and_a_letters_end_find_their_line_in_any_partition(
    database: Database, peek: Peek
) -> None:
    peek("""
        INSERT INTO outrider.jobs (id, actor, payload, max_attempts) VALUES (7, 'house.nudge_crm', '{}', 1)""")
    peek("SELECT outrider.bury(7, NULL, 'E', 'm', 'f')")
    age(peek, 40)
    with database.hat("operator") as tx:
        line = job_log.find(tx, 7)
        assert line
        assert line.outcome is JobOutcome.DEAD
        [letter] = dead.list_letters(tx, dead.Which(), limit=9)
    assert letter.job_id == 7
    assert drop(database)
    with database.hat("operator") as tx:
        assert job_log.find(tx, 7) == line


@pytest.fixture
def of_before(empty_dsn: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A database of the version before, as its owner."""
    migrate(empty_dsn, migrations()[:BEFORE])
    return psycopg.connect(empty_dsn, autocommit=True)


@pytest.mark.system(1)
def test_a_database_with_history_keeps_it_and_its_workers_go_on(
    empty_dsn: str, of_before: psycopg.Connection[tuple[Any, ...]]
) -> None:
    with of_before as owner:
        owner.execute(LINE, (29, [1]))
        owner.execute(LINE, (0, [2, 3]))
        assert migrate(empty_dsn) == [m.name for m in migrations()[BEFORE:]]
        database = Database(make_app_login(empty_dsn))
        database.open()
        with database.tenant(None) as tx:  # the statement of a worker of the version before
            tx.run("""
                INSERT INTO outrider.job_log (job_id, tenant_id, actor, outcome, attempt, parent_id,
                                              trace_id, enqueued_at, started_at)
                VALUES (4, NULL, 'a', 'done', 1, NULL, NULL, now(), now())""")
            assert [job_log.find(tx, n) is not None for n in (1, 2, 3, 4, 5)] == [True] * 4 + [
                False
            ]
        database.close()
        assert owner.execute(WHERE).fetchall() == [(n, "job_log_before") for n in (1, 2, 3, 4)]
        owner.execute(LINE, (-1, [5]))
        [(expected,)] = owner.execute(
            "SELECT 'job_log_' || to_char(now() AT TIME ZONE 'UTC' + interval '1 day', 'YYYYMMDD')"
        ).fetchall()
        assert owner.execute(WHERE).fetchall()[-1] == (5, expected)
        assert owner.execute("SELECT problem FROM outrider.unprotected()").fetchall() == []
