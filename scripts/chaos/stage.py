"""The servers of one chaos run, its database and its processes' environment. Nothing outlives it."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from db import Database, chaos, lane_orders, tenants
from db.logins import make_app_login
from db.migrate import migrate
from scripts import embedded
from scripts.chaos.plan import TENANTS, WEIGHTS
from scripts.fleet import free_port
from scripts.server import Server
from scripts.signals import die_with_parent

_QUICKLY: Final = ("-c", "recovery_init_sync_method=syncfs")
"""A crash is recovered without opening every file first."""
ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Stage:
    """Two servers, the fleet's settings, and a way to look from outside."""

    folder: Path
    postgres: Server
    valkey: Server
    owner_url: str
    database: Database
    """As the owner, whom no fault concerns but the server's own."""
    environment: dict[str, str]
    threads: int
    lease: float
    tenants: dict[str, UUID]
    """Ids by slug."""

    @property
    def redis_url(self) -> str:
        """Of the run's Valkey."""
        return self.environment["OUTRIDER_REDIS_URL"]

    def spawn(
        self, module: str, *args: str, log: Path, stdin: int = subprocess.DEVNULL, faults: str = ""
    ) -> subprocess.Popen[bytes]:
        """A process of the run with its environment, from the tree under test; it writes to `log`."""
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", module, *args],
                env={**os.environ, **self.environment, "OUTRIDER_FAULTS": faults},
                stdin=stdin, stdout=output, stderr=output, cwd="/",
                start_new_session=True, preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509  (one thread spawns)
            )  # fmt: skip


@contextmanager
def staged(
    folder: Path, *, threads: int, lease: float, tree: Path | None = None
) -> Generator[Stage]:
    """Servers in `folder` with a migrated, empty database; stopped at the end.

    `tree`: another source tree from which the fleet's processes run, and which migrates.
    Call it from the thread that restarts the servers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    postgres = embedded.postgres(folder, free_port())
    postgres.argv += _QUICKLY
    valkey = embedded.valkey(folder, free_port())
    try:
        postgres.start()
        valkey.start()
        urls = embedded.urls(folder, {"postgres": postgres.port, "valkey": valkey.port})
        owner = urls["database_url"]
        _migrate(owner, tree)
        environment = _environment(folder, urls, make_app_login(owner), threads, lease, tree)
        database = Database(owner, max_size=4, name="chaos", patience=2)
        database.open()
        try:
            known = _furnish(owner, database)
            yield Stage(
                folder, postgres, valkey, owner, database, environment, threads, lease, known
            )
        finally:
            database.close()
    finally:
        valkey.stop()
        postgres.stop()


def _migrate(owner: str, tree: Path | None) -> None:
    if tree is None:
        migrate(owner)
        return
    code = "import sys; from db.migrate import migrate; migrate(sys.argv[1])"
    env = {**os.environ, "PYTHONPATH": str(tree)}
    subprocess.run([sys.executable, "-P", "-c", code, owner], env=env, cwd="/", check=True)


def _furnish(owner: str, database: Database) -> dict[str, UUID]:
    chaos.prepare(owner)
    known: dict[str, UUID] = {}
    with database.hat("operator") as tx:
        for slug in TENANTS:
            known[slug] = tenants.add(tx, name=slug, slug=slug).id
            if slug in WEIGHTS:
                lane_orders.weigh(tx, known[slug], WEIGHTS[slug])
    return known


def _environment(
    folder: Path, urls: dict[str, str], app: str, threads: int, lease: float, tree: Path | None
) -> dict[str, str]:
    return {
        "OUTRIDER_DATABASE_URL": app,
        "OUTRIDER_REDIS_URL": urls["redis_url"],
        "OUTRIDER_ENV": "test",
        "OUTRIDER_LEASE": str(lease),
        "OUTRIDER_DRAIN": "2",
        "OUTRIDER_THREADS": str(threads),
        "OUTRIDER_POOL_MAX": str(threads + 4),
        "OUTRIDER_METRICS_PORT": "-1",
        "OUTRIDER_CHAOS_FOLDER": str(folder),
        "PYTHONPATH": str(tree or ROOT),
    }
