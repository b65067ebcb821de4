"""A PgBouncer of this run's own in transaction mode: each transaction may get another session."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from db.logins import app_dsn
from scripts.fleet import free_port
from tests.fix_world import until

_RULES = """
[databases]
* = host={host} port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = 6
max_client_conn = 200
server_lifetime = 30
"""


@pytest.fixture(scope="session")
def pooler(owner_url: str) -> Iterator[int]:
    """Its port; six sessions of the server are shared by everybody who connects."""
    program = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
    assert program, "mark the test with needs('pgbouncer')"
    folder, port = Path(tempfile.mkdtemp(prefix="outrider-pooler-")), free_port()
    owner, users = conninfo_to_dict(owner_url), folder / "users"
    fleet = conninfo_to_dict(app_dsn(owner_url))
    words = [(who["user"], who.get("password") or "") for who in (owner, fleet)]
    users.write_text("".join(f'"{user}" "{word}"\n' for user, word in words))
    rules = folder / "pgbouncer.ini"
    rules.write_text(
        _RULES.format(host=owner["host"], server=owner["port"], port=port, users=users)
    )
    command = [program, str(rules)]
    if os.geteuid() == 0:  # it refuses root, as Postgres does
        for path in (folder, users, rules):
            shutil.chown(path, "nobody")
        command += ["-u", "nobody"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: process.poll() is not None or _listens(port))
        assert process.poll() is None, (folder / "log").read_text()
        yield port
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def pooled(pooler: int) -> Callable[[str], str]:
    """The same database, reached through the pooler."""
    return lambda dsn: make_conninfo(dsn, host="127.0.0.1", port=pooler)
