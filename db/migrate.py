"""Apply db/migrations/NNN_name.sql in order, once each. Refuses gaps, edits and unprotected tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from typing import LiteralString, cast

from db.pool import Connection, connect
from db.shipped_prompts import PromptEdited, ship

_LOCK = 7_362_001
"""Any constant will do, as long as every deployer uses the same one."""


class MigrationRefused(Exception):
    """The files and the database do not fit together; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its name without the ending, and its text."""

    name: str
    body: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text; an applied file that changes is an error."""
        return sha256(self.body.encode()).hexdigest()


def migrations(folder: Traversable | None = None) -> list[Migration]:
    """Every migration of this version, in order. Raises MigrationRefused on a gap or a double."""
    folder = folder or resources.files("db") / "migrations"
    files = sorted((p for p in folder.iterdir() if p.name.endswith(".sql")), key=lambda p: p.name)
    found = [Migration(p.name.removesuffix(".sql"), p.read_text(encoding="utf-8")) for p in files]
    for number, migration in enumerate(found, start=1):
        if not migration.name.startswith(f"{number:03d}_"):
            raise MigrationRefused(f"Migration {number:03d} is missing before {migration.name}.")
    return found


def migrate(dsn: str, known: Sequence[Migration] | None = None) -> list[str]:
    """Bring the database up to date and return the names applied; idempotent, safe to race.

    `dsn` logs in as the owner, on a direct port. Each file is one transaction with a lock timeout
    of 4 s and a statement timeout of 60 s. `known` replaces the files. The prompts that ship are put
    in at the end. Raises MigrationRefused.
    """
    applied: list[str] = []
    with connect(dsn, name="outrider migrate") as conn:
        applied += [m.name for m in _unapplied(conn, known or migrations()) if _apply(conn, m)]
        _ship(conn)
        problems = [
            str(row[0]) for row in conn.execute("SELECT problem FROM outrider.unprotected()")
        ]
    if problems:
        raise MigrationRefused("The schema is not protected:\n" + "\n".join(problems))
    return applied


def _ship(conn: Connection) -> None:
    """The prompts of this version, where the schema has room for them."""
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        room = conn.execute("SELECT to_regclass('outrider.prompt_versions') IS NOT NULL").fetchone()
        try:
            if room and room[0]:
                ship(conn)
        except PromptEdited as error:
            raise MigrationRefused(str(error)) from None


def _unapplied(conn: Connection, known: Sequence[Migration]) -> Iterator[Migration]:
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        conn.execute(
            """
            CREATE TABLE IF NOT EXISTS public.outrider_migrations (
                name       text PRIMARY KEY,
                checksum   text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            )
            """
        )
    rows = conn.execute("SELECT name, checksum FROM public.outrider_migrations").fetchall()
    done = {str(name): str(checksum) for name, checksum in rows}
    if strangers := sorted(set(done) - {m.name for m in known}):
        raise MigrationRefused(f"The database is newer than this version: it has {strangers[0]}.")
    for migration in known:
        if migration.name not in done:
            yield migration
        elif done[migration.name] != migration.checksum:
            raise MigrationRefused(
                f"Migration {migration.name} was edited after it was applied. Put its text back and "
                "write a new migration; embedded servers of a checkout begin anew without .outrider."
            )


def _apply(conn: Connection, migration: Migration) -> bool:
    """False when another deployer applied it while we waited for the lock."""
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))  # however long the other takes
        conn.execute("SET LOCAL lock_timeout = '4s'")
        conn.execute("SET LOCAL statement_timeout = '60s'")
        seen = conn.execute(
            "SELECT 1 FROM public.outrider_migrations WHERE name = %s", (migration.name,)
        )
        if seen.fetchone():
            return False
        # Our own files are as trusted as our own string literals.
        conn.execute(cast(LiteralString, migration.body))
        conn.execute(
            "INSERT INTO public.outrider_migrations (name, checksum) VALUES (%s, %s)",
            (migration.name, migration.checksum),
        )
    return True
