"""One command's open database, with its errors turned into a line that says what to do."""

import getpass
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from db import Database, Tx, tenants
from db.logins import refuse_powerful
from db.pool import connect
from schemas.settings import Settings, load
from scripts.environment import environment
from telemetry.bell import open_bell


@contextmanager
def open_database(folder: Path | None = None) -> Generator[tuple[Database, Settings]]:
    """The fleet's database, on configured or embedded servers (of `folder`), closed at the end."""
    with environment(load(), folder=folder) as settings:
        assert settings.database_url
        with connect(settings.database_url.get_secret_value()):
            pass  # says at once, and why, when nobody answers
        bell = open_bell(settings)
        database = Database(
            settings.database_url.get_secret_value(), max_size=4, bell=bell, name="outrider cli"
        )
        database.open()
        try:
            refuse_powerful(database)
            yield database, settings
        finally:
            database.close()
            if bell:
                bell.close()


@contextmanager
def open_tenant(slug: str) -> Generator[Tx]:
    """One transaction in a tenant, with a worker's rights. Raises NoSuchRow for an unknown slug."""
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            tenant_id = tenants.get_by_slug(tx, slug).id
        with database.tenant(tenant_id) as tx:
            yield tx


def whoami() -> str:
    """The operator that the audit trail names."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
