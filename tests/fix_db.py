"""Databases for tests: one migrated template per run, one clone per test, health at the end."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from db import Database, Tx, invariants, tenants
from db.clock import set_clock
from db.logins import app_dsn, make_app_login
from db.migrate import migrate, migrations

LEASE = timedelta(seconds=15)
UNPROTECTED = "tenancy.unprotected"


def _clone(admin: psycopg.Connection[tuple[object, ...]], template: str) -> str:
    name = f"outrider_{uuid4().hex[:12]}"
    admin.execute(
        # Ten times as fast as the default where nothing is synced to disk, as in tests.
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )
    return name


@pytest.fixture(scope="session")
def owner_url() -> str:
    """The test server, as its superuser."""
    return os.environ["OUTRIDER_TEST_OWNER_URL"]


@pytest.fixture(scope="session")
def template(owner_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated database that nobody connects to; made once for all workers of a run."""
    version = migrations()[-1].checksum[:8]
    name = f"template_{os.environ.get('PYTEST_XDIST_TESTRUNUID', uuid4().hex)[:12]}_{version}"
    with psycopg.connect(owner_url, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(7362003)")
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            dsn = make_conninfo(owner_url, dbname=name)
            migrate(dsn)
            make_app_login(dsn)
    return name


@pytest.fixture(scope="session")
def admin(owner_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Makes and drops databases; one connection for a whole run."""
    with psycopg.connect(owner_url, autocommit=True) as conn:
        yield conn


@pytest.fixture
def owner_dsn(
    owner_url: str, template: str, admin: psycopg.Connection[tuple[object, ...]]
) -> Iterator[str]:
    """A fresh, migrated database of this test's own, as its owner."""
    name = _clone(admin, template)
    yield make_conninfo(owner_url, dbname=name)
    admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def empty_dsn(owner_url: str) -> Iterator[str]:
    """A database without our schema, as the superuser."""
    name = sql.Identifier(f"empty_{uuid4().hex[:12]}")
    with psycopg.connect(owner_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
        yield make_conninfo(owner_url, dbname=name.as_string().strip('"'))
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def dsn(owner_dsn: str) -> str:
    """The same database, as the login the fleet uses."""
    return app_dsn(owner_dsn)


@pytest.fixture
def sick() -> list[str]:
    """Names of invariants that a test breaks on purpose; everything else must hold at its end."""
    return []


def _catalogue(tx: Tx) -> object:
    """Changes with every table, view, policy, grant and function that is made, changed or dropped."""
    return tx.value(
        """
        SELECT array[(SELECT count(*) FROM pg_class), (SELECT max(xmin::text::bigint) FROM pg_class),
                     (SELECT count(*) FROM pg_policy), (SELECT max(xmin::text::bigint) FROM pg_policy),
                     (SELECT count(*) FROM pg_proc), (SELECT max(xmin::text::bigint) FROM pg_proc),
                     (SELECT count(*) FROM pg_attribute), (SELECT max(xmin::text::bigint) FROM pg_attribute),
                     (SELECT count(*) FROM pg_namespace), (SELECT max(xmin::text::bigint) FROM pg_namespace),
                     (SELECT count(*) FROM pg_roles), (SELECT count(*) FROM pg_auth_members)]
        """
    )


@pytest.fixture(scope="session")
def protected(
    owner_url: str, template: str, admin: psycopg.Connection[tuple[object, ...]]
) -> object:
    """The catalogue of the template, in which nothing is open to other tenants or to strangers."""
    name = _clone(admin, template)
    database = Database(app_dsn(make_conninfo(owner_url, dbname=name)), max_size=1)
    database.open()
    with database.hat("operator") as tx:
        assert [v for v in invariants.check(tx, lease=LEASE) if v.invariant == UNPROTECTED] == []
        catalogue = _catalogue(tx)
    database.close()
    admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    return catalogue


@pytest.fixture
def database(dsn: str, sick: list[str], protected: object) -> Iterator[Database]:
    """An open pool, and at the end of the test a healthy database."""
    database = Database(dsn, max_size=8)
    database.open()
    yield database
    with database.hat("operator") as tx:
        # What asks the catalogue alone costs as much as all others: only where a test changed it.
        known = [UNPROTECTED] if _catalogue(tx) == protected else []
        found = invariants.check(tx, lease=LEASE, known=known)
    database.close()
    assert [v for v in found if v.invariant not in sick] == []


@pytest.fixture
def tenant(database: Database) -> UUID:
    """A tenant of this test's own."""
    with database.hat("operator") as tx:
        return tenants.add(tx, name="Acme", slug="acme").id


@pytest.fixture
def at(owner_dsn: str) -> Callable[[datetime], None]:
    """Travel: from now on every session believes that it is `moment`."""

    def travel(moment: datetime) -> None:
        set_clock(owner_dsn, frozen_at=moment, shift=timedelta(0))

    return travel


@pytest.fixture
def later(owner_dsn: str) -> Callable[[timedelta], None]:
    """Run ahead: from now on business time is real time plus `shift`."""

    def travel(shift: timedelta) -> None:
        set_clock(owner_dsn, frozen_at=None, shift=shift)

    return travel


@pytest.fixture
def here() -> Path:
    """The repository's root."""
    return Path(__file__).parent.parent
