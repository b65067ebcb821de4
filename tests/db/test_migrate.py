"""Migrations: in order, once each, unedited, safe to race, and on the oldest server we support."""

import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from db import Database, invariants, ready
from db.logins import make_app_login
from db.migrate import Migration, MigrationRefused, migrate, migrations
from scripts.embedded import postgres_answers
from scripts.fleet import free_port
from scripts.server import Server, account
from tests.fix_db import LEASE

DEBIAN = Path("/usr/lib/postgresql/15/bin")


def test_every_migration_is_applied_once_and_in_order(empty_dsn: str) -> None:
    names = [migration.name for migration in migrations()]
    assert migrate(empty_dsn) == names
    assert migrate(empty_dsn) == []


@pytest.mark.parametrize("names", [["002_b.sql"], ["001_a.sql", "003_c.sql"],
                                   ["001_a.sql", "001_b.sql"]])  # fmt: skip
def test_a_gap_or_a_double_in_the_numbers_is_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(MigrationRefused, match=r"Migration 00\d is missing before"):
        migrations(tmp_path)


def test_a_migration_that_was_edited_after_it_ran_is_refused(owner_dsn: str) -> None:
    first, *others = migrations()
    edited = [Migration(first.name, first.body + "\n-- harmless"), *others]
    with pytest.raises(MigrationRefused, match="Migration 001_foundation was edited"):
        migrate(owner_dsn, edited)


def test_a_database_that_is_newer_than_the_code_is_refused(owner_dsn: str) -> None:
    with pytest.raises(
        MigrationRefused, match=f"newer than this version: it has {migrations()[-1].name}"
    ):
        migrate(owner_dsn, migrations()[:-1])


def test_a_migration_that_fails_leaves_nothing_behind(owner_dsn: str) -> None:
    number = len(migrations()) + 1
    half = Migration(f"{number:03d}_half", "CREATE TABLE public.half (); SELECT 1 / 0")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(owner_dsn, [*migrations(), half])
    assert migrate(owner_dsn) == []
    with psycopg.connect(owner_dsn) as conn:
        assert conn.execute("SELECT to_regclass('public.half')").fetchone() == (None,)


# What the third of the replaced systems had, on the tables that hold the same things here.
TEMP_ANON: LiteralString = """
    DO $$ BEGIN CREATE ROLE anon NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
    CREATE POLICY temp_anon_select_organizations ON outrider.tenants FOR SELECT TO anon USING (true);
    CREATE POLICY temp_anon_insert_leads ON outrider.leads FOR INSERT TO anon WITH CHECK (true);
    CREATE POLICY temp_anon_update_leads ON outrider.leads FOR UPDATE TO anon USING (true) WITH CHECK (true);
    CREATE POLICY temp_anon_all_campaigns ON outrider.campaigns USING (true) WITH CHECK (true);
"""


@pytest.mark.system(54)
def test_temporary_policies_for_anonymous_access_fail_the_deployment_and_the_doctor(
    owner_dsn: str, database: Database, sick: list[str]
) -> None:
    """With the temp_anon policies' SQL applied, the migration assert fails"""
    sick.append("tenancy.unprotected")
    with psycopg.connect(owner_dsn, autocommit=True) as conn:
        conn.execute(TEMP_ANON)
    with pytest.raises(MigrationRefused, match="The schema is not protected") as refused:
        migrate(owner_dsn)
    with database.hat("operator") as tx:
        found = [v.problem for v in invariants.check(tx, lease=LEASE)]
    expected = {
        "policy temp_anon_select_organizations on outrider.tenants is for anon, which is no hat of ours",
        "policy temp_anon_insert_leads on outrider.leads is for anon, which is no hat of ours",
        "policy temp_anon_update_leads on outrider.leads is for anon, which is no hat of ours",
        "policy temp_anon_all_campaigns on outrider.campaigns is open to everybody",
    }
    assert set(str(refused.value).splitlines()[1:]) == expected
    assert set(found) == expected


def test_two_deployers_at_once_apply_each_migration_once(empty_dsn: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        applied = list(pool.map(migrate, [empty_dsn] * 3))
    assert sorted(name for names in applied for name in names) == [m.name for m in migrations()]


def test_a_migration_runs_with_a_lock_timeout_and_a_statement_timeout(owner_dsn: str) -> None:
    number = len(migrations()) + 1
    spy = Migration(
        f"{number:03d}_spy",
        "CREATE TABLE public.spy AS SELECT current_setting('lock_timeout') AS l,"
        " current_setting('statement_timeout') AS s",
    )
    migrate(owner_dsn, [*migrations(), spy])
    with psycopg.connect(owner_dsn) as conn:
        assert conn.execute("SELECT l, s FROM public.spy").fetchone() == ("4s", "1min")


def test_a_deployer_waits_for_another_longer_than_the_lock_timeout_of_a_migration(
    owner_dsn: str,
) -> None:
    """The lock timeout guards the tables that a migration touches, not the queue of deployers."""
    number = len(migrations()) + 1
    slow = Migration(f"{number:03d}_slow", "SELECT pg_sleep(4.5)")
    with ThreadPoolExecutor(2) as pool:
        applied = list(pool.map(lambda _: migrate(owner_dsn, [*migrations(), slow]), range(2)))
    assert sorted(map(len, applied)) == [0, 1]


def test_a_process_can_see_that_the_database_is_older_than_itself(
    owner_dsn: str, database: Database
) -> None:
    with psycopg.connect(owner_dsn, autocommit=True) as conn:
        conn.execute("DELETE FROM public.outrider_migrations WHERE name = '009_audit'")
    with database.hat("operator") as tx:
        assert ready.missing_migrations(tx) == ["009_audit"]


@contextmanager
def old_server(data: Path, log: Path) -> Iterator[int]:
    """Debian's PostgreSQL 15 on loopback, gone at the end."""
    who, port = account(), free_port()
    assert who.uid is None, "needs a normal user, or user namespaces"
    initdb = [*who.prefix, DEBIAN / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N"]
    subprocess.run([*initdb, "-E", "UTF8", "--locale=C"], check=True, capture_output=True, cwd="/")
    argv = (*who.prefix, str(DEBIAN / "postgres"), "-D", str(data), "-p", str(port))
    argv += ("-h", "127.0.0.1", "-k", "", "-c", "fsync=off")
    server = Server("Postgres", port, argv, log, postgres_answers, signal.SIGINT, who)
    server.start()
    try:
        yield port
    finally:
        server.stop()


@pytest.mark.needs(str(DEBIAN / "postgres"))
def test_every_migration_loads_on_the_oldest_server_we_support(tmp_path: Path) -> None:
    with old_server(tmp_path / "data", tmp_path / "log") as port:
        owner = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        assert len(migrate(owner)) == len(migrations())
        database = Database(make_app_login(owner))
        database.open()
        with database.hat("operator") as tx:
            assert ready.missing_migrations(tx) == []
            assert tx.conn.info.server_version // 10_000 == 15
        database.close()
