"""The processes of the fleet: they start from nothing, share nothing, and leave nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).parent.parent.parent
Start = Callable[..., subprocess.Popen[str]]


def descendants(pid: int) -> set[int]:
    """Every living process below `pid`, by /proc; zombies are over."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except (OSError, ValueError):
                continue
            if state != "Z":
                parents[int(entry.name)] = int(parent)
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pids: set[int]) -> set[int]:
    """Those that still run."""
    return {pid for pid in pids if _runs(pid)}


def _runs(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # it went while we looked
        return False


def gone(pids: set[int], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not alive(pids):
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a command with servers of its own under this test's folder."""
    started: list[subprocess.Popen[str]] = []

    def run(*command: str, **extra: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "scripts.cli", *command],
            env={**os.environ, "PYTHONPATH": str(ROOT), "OUTRIDER_HOME": str(tmp_path / "home"),
                 "OUTRIDER_INGRESS_PORT": "0", **extra},
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        started.append(child)
        return child

    yield run
    for child in started:
        if child.poll() is None:
            child.kill()
        child.wait()
        assert child.stdout
        child.stdout.close()


def line_with(child: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """Read on until a line matches; fail with everything read when the process ends first."""
    assert child.stdout
    seen: list[str] = []
    for line in child.stdout:
        seen.append(line)
        if found := re.search(pattern, line):
            return found
    pytest.fail("".join(seen))


def last_words(home: Path) -> Iterator[str]:
    """What the processes of a fleet that would not end said at last."""
    for log in home.rglob("*.log"):
        yield f"{log.name}: " + "".join(log.read_text().splitlines(keepends=True)[-12:])


@pytest.mark.e2e
@pytest.mark.parametrize("number", [
    pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGTERM, signal.SIGKILL
])  # fmt: skip
def test_up_leaves_no_process_behind_however_it_ends(start: Start, number: signal.Signals) -> None:
    up = start("up", "--workers", "1")
    port = line_with(up, r"http://127.0.0.1:(\d+)/webhooks").group(1)
    assert httpx2.get(f"http://127.0.0.1:{port}/ready").json()["status"] == "ready"
    family = descendants(up.pid)
    assert len(family) >= 4, "an edge, a worker, Postgres, Valkey"
    up.send_signal(number)
    assert gone({*family}, seconds=30)
    if number is not signal.SIGKILL:
        assert up.wait(10) == 0


@pytest.mark.e2e
def test_up_starts_again_where_a_killed_one_left_off(start: Start) -> None:
    first = start("up", "--workers", "1")
    line_with(first, "worker.started")
    first.kill()
    second = start("up", "--workers", "1")
    line_with(second, "worker.started")
    second.send_signal(signal.SIGINT)
    assert second.wait(40) == 0


@pytest.mark.e2e
def test_one_actor_runs_alone_and_shows_its_metrics(start: Start) -> None:
    worker = start("worker", "--only", "scoring")
    line = line_with(worker, r'"actors": \["lead.score"\].*"metrics_port": (\d+)')
    metrics = httpx2.get(f"http://127.0.0.1:{line.group(1)}/metrics").text
    assert "outrider_sessions 1.0" in metrics
    assert httpx2.get(f"http://127.0.0.1:{line.group(1)}/ready").status_code == 200
    worker.terminate()
    line_with(worker, "worker.stopped")
    assert worker.wait(10) == 0


@pytest.mark.e2e
def test_up_on_a_taken_port_ends_at_once_and_names_the_setting(start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        up = start("up", "--workers", "1", OUTRIDER_INGRESS_PORT=str(taken.getsockname()[1]))
        line_with(up, "OUTRIDER_INGRESS_PORT")
        assert up.wait(20) == 1


@pytest.mark.e2e
def test_ctrl_c_ends_the_demo_soon_and_leaves_nothing(start: Start, tmp_path: Path) -> None:
    demo = start("demo", "--leads", "5000")
    assert demo.stdout
    deadline = time.monotonic() + 20
    while len(descendants(demo.pid)) < 8 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    family = descendants(demo.pid)
    demo.send_signal(signal.SIGINT)
    try:
        assert demo.wait(12) == 130
    except subprocess.TimeoutExpired:
        pytest.fail("".join(last_words(tmp_path / "home")))
    assert gone(family, seconds=15)


@pytest.mark.e2e
def test_a_direct_worker_needs_no_redis_and_starts_none(
    start: Start, dsn: str, tmp_path: Path
) -> None:
    worker = start("worker", "--direct", "--only", "scoring", OUTRIDER_DATABASE_URL=dsn)
    line_with(worker, "worker.started")
    assert not (tmp_path / "home" / "valkey").exists()
    worker.terminate()
    line_with(worker, "worker.stopped")
    assert worker.wait(10) == 0


@pytest.mark.long
@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_benchmark_that_is_ended_leaves_no_process_behind(
    start: Start, number: signal.Signals
) -> None:
    bench = start("bench", "latency", "--jobs", "5000")

    def measured() -> set[int]:
        family = descendants(bench.pid)
        lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in family]
        return family if any(b"scripts.bench.durable" in line for line in lines) else set()

    deadline = time.monotonic() + 30
    while not (family := measured()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert family, "a keeper, Postgres, Valkey, a worker"
    bench.send_signal(number)
    assert gone(family, seconds=30)
