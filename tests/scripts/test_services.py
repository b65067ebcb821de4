"""The embedded servers: they come up again, they go down with us, and they never share a folder."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis
from redis import AuthenticationError, Redis

from scripts import embedded
from scripts.server import NOBODY, Server, account
from scripts.services import ServerFailed, Services, running

ROOT = Path(__file__).parent.parent.parent
WHEELS = Path(psycopg.__file__).parent.parent
PARENT = """
import sys, threading, time
from pathlib import Path
from scripts.services import running
held = running(Path(sys.argv[1]), durable=sys.argv[2] == "durable")
starter = threading.Thread(target=lambda: print(held.__enter__().database_url, flush=True))
starter.start()
starter.join()
time.sleep(60)
"""
INTERRUPTED = """
import signal, sys, time
from pathlib import Path
from scripts.embedded import postgres_answers
from scripts.services import running
signal.signal(signal.SIGINT, signal.default_int_handler)
with running(Path(sys.argv[1])) as services:
    port = int(services.database_url.rpartition(":")[2].partition("/")[0])
    try:
        print("ready", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print("interrupted, Postgres answers:", postgres_answers(port), flush=True)
"""


def stored(services: Services) -> list[tuple[int]]:
    with psycopg.connect(services.database_url) as connection:
        return connection.execute("SELECT n FROM kept").fetchall()


def store(services: Services) -> None:
    with psycopg.connect(services.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")


def until(true: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def living(folder: Path) -> list[str]:
    """Command lines, zombies and ourselves apart, that name the folder."""
    mine = os.getpid()
    return [args for pid, _, args in processes() if str(folder) in args and pid != mine]


def processes() -> list[tuple[int, int, str]]:
    """Number, parent and command line of what runs; `ps` is not on every Linux."""
    if sys.platform != "linux":
        listed = subprocess.run(
            ["ps", "-axo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        )
        rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
        return [(int(pid), int(parent), args) for pid, parent, args in rows]
    found: list[tuple[int, int, str]] = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended while we looked
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            args = (place / "cmdline").read_text().replace("\0", " ")  # empty for a zombie
            found.append((int(place.name), parent, args))
    return found


def is_closed(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(re.findall(r":(\d+)/", url)[0]))) != 0


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[Callable[[str], tuple[subprocess.Popen[str], str]]]:
    """Another process that keeps the servers of `tmp_path`/x; started by a thread that has ended."""
    started: list[subprocess.Popen[str]] = []

    def start(mode: str = "durable") -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-c", PARENT, str(tmp_path / "x"), mode]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        with process:
            process.kill()


def test_a_second_start_finds_the_data_on_the_same_ports(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    with running(folder) as first:
        store(first)
        Redis.from_url(first.redis_url).set("kept", "7")
    assert living(folder) == []
    with running(folder) as second:
        assert second == first
        assert stored(second) == [(7,)]
        assert Redis.from_url(second.redis_url).get("kept") == b"7"


def test_a_port_taken_meanwhile_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path, durable=False) as first:
        port = int(re.findall(r":(\d+)/", first.redis_url)[0])
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        with running(tmp_path, durable=False) as second:
            assert Redis.from_url(second.redis_url).ping()
            assert second.redis_url != first.redis_url
            assert second.database_url == first.database_url


def test_two_folders_run_side_by_side(tmp_path: Path) -> None:
    with running(tmp_path / "a", durable=False) as a, running(tmp_path / "b", durable=False) as b:
        store(a)
        with pytest.raises(psycopg.errors.UndefinedTable):
            stored(b)


def test_a_folder_in_use_is_refused_by_name_and_process(
    tmp_path: Path, parent: Callable[[str], tuple[subprocess.Popen[str], str]]
) -> None:
    holder, _ = parent("fleeting")
    with pytest.raises(ServerFailed) as refused, running(tmp_path / "x"):
        pass
    assert f"{tmp_path / 'x'} belong to process {holder.pid}." in str(refused.value)


def test_servers_die_with_a_killed_parent_and_recover(
    tmp_path: Path, parent: Callable[[str], tuple[subprocess.Popen[str], str]]
) -> None:
    process, url = parent("durable")
    store(Services(url, ""))
    process.send_signal(signal.SIGKILL)
    with running(tmp_path / "x") as again:  # waits for the dying ones
        assert stored(again) == [(7,)]
    assert living(tmp_path / "x") == []


def test_ctrl_c_reaches_us_and_the_servers_end_in_order(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "x")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
        said = process.stdout.read()
    assert said == "interrupted, Postgres answers: True\n"
    assert living(tmp_path / "x") == []
    assert "database system is shut down" in (tmp_path / "x" / "postgres.log").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_servers_die_with_a_killed_keeper_and_its_parent(
    tmp_path: Path, parent: Callable[[str], tuple[subprocess.Popen[str], str]]
) -> None:
    process, url = parent("durable")
    (keeper,) = [pid for pid, above, _ in processes() if above == process.pid]
    os.kill(keeper, signal.SIGKILL)
    process.send_signal(signal.SIGKILL)
    assert until(lambda: is_closed(url))
    with running(tmp_path / "x"):
        pass


def test_a_stale_process_number_does_not_stop_postgres(tmp_path: Path) -> None:
    with running(tmp_path):
        pass
    alive = f"{os.getpid()}\n{tmp_path / 'postgres'}\n0\n1\n\n127.0.0.1\n"
    (tmp_path / "postgres" / "postmaster.pid").write_text(alive)
    with running(tmp_path) as services:
        store(services)


def test_a_server_that_cannot_start_says_why_and_where_its_log_is(tmp_path: Path) -> None:
    with running(tmp_path):
        pass
    (tmp_path / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(ServerFailed) as failed, running(tmp_path):
        pass
    assert "no_such_setting" in str(failed.value)
    assert str(tmp_path / "postgres.log") in str(failed.value)
    assert living(tmp_path) == []


def test_one_server_can_be_stopped_and_started_again(tmp_path: Path) -> None:
    server: Server = embedded.valkey(tmp_path, free_port())
    server.start()
    Redis(port=server.port, password=embedded.password(server.log.parent)).set("kept", "7")
    server.stop()
    server.stop()
    assert not embedded.valkey_answers(server.port)
    server.start()
    assert (
        Redis(port=server.port, password=embedded.password(server.log.parent)).get("kept") == b"7"
    )
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs to become somebody else")
def test_root_without_user_namespaces_runs_postgres_as_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    try:
        subprocess.run(["/usr/bin/env", "-C", str(WHEELS), "true"], user=NOBODY, check=True)
    except (PermissionError, subprocess.CalledProcessError):
        pytest.skip(f"nobody cannot reach {WHEELS}")
    monkeypatch.setenv("PATH", str(ROOT))  # no unshare there
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        with running(folder, durable=False) as services:
            store(services)
            assert (folder / "postgres").stat().st_uid == NOBODY
        monkeypatch.undo()
        with running(folder, durable=False) as services:
            assert stored(services) == [(7,)]
            assert (folder / "postgres").stat().st_uid == account().owner


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_other_users_of_the_machine_are_kept_out_by_a_password(tmp_path: Path) -> None:
    with running(tmp_path, durable=False) as services:
        for name in ("password", "valkey.conf"):
            assert (tmp_path / name).stat().st_mode & 0o077 == 0
        secret = (tmp_path / "password").read_text()
        assert services.database_url.count(secret) == services.redis_url.count(secret) == 1
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(services.database_url.replace(secret, "guess"))
        with pytest.raises(AuthenticationError):
            Redis.from_url(services.redis_url.replace(secret, "guess")).ping()
        assert not any(secret in args for _, _, args in processes())


@pytest.mark.parametrize("program", ["postgres", "valkey-server"])
def test_a_server_that_dies_by_itself_is_started_again_where_it_was(
    tmp_path: Path, program: str
) -> None:
    with running(tmp_path, durable=True) as services:
        store(services)
        port = services.redis_url.rpartition(":")[2].partition("/")[0]
        mark = str(tmp_path) if program == "postgres" else f":{port}"  # as each calls itself
        [victim] = [
            pid for pid, _, args in processes()
            if mark in args and f"{program} " in args and "keeper" not in args
        ]  # fmt: skip
        os.kill(victim, signal.SIGKILL)
        assert until(lambda: victim not in {pid for pid, _, _ in processes()})

        def back() -> bool:
            with suppress(psycopg.OperationalError, redis.ConnectionError):
                return stored(services) == [(7,)] and bool(
                    Redis.from_url(services.redis_url).ping()
                )
            return False

        assert until(back, 20)
    assert living(tmp_path) == []
