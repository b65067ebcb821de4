"""Whole processes: start, kill, freeze, and read what they wrote."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from db import Database
from scripts import embedded
from scripts.fleet import free_port
from scripts.server import Server
from tests.fix_world import until

ROOT = Path(__file__).parents[2]
LEASE = "2"


@dataclass(slots=True)
class Crew:
    """Worker processes on given servers; `with` leaves none behind."""

    folder: Path
    environment: dict[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])

    def start(self, *actors: str, module: str = "tests.e2e.worker", **more: str) -> Any:
        """A worker process that runs the named actors; returns once it works or has died."""
        log = self.folder / f"{len(self.processes)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, *actors], stdout=file, stderr=file, cwd="/",
                env={**os.environ, "PYTHONPATH": str(ROOT), **self.environment, **more},
            )  # fmt: skip
        self.processes.append(process)
        until(lambda: b"worker.started" in log.read_bytes() or process.poll(), seconds=30)
        return process

    def dies(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until a process has killed itself."""
        assert process.wait(timeout=30) == -signal.SIGKILL

    def lines(self, number: int) -> list[dict[str, Any]]:
        """What process `number` logged so far."""
        text = (self.folder / f"{number}.log").read_text()
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def diary(self) -> list[str]:
        """What the toys did, in order."""
        path = self.folder / "diary"
        return path.read_text().splitlines() if path.exists() else []

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()


def settings(folder: Path, database_url: str, redis_url: str) -> dict[str, str]:
    """The environment of a fast-living worker."""
    return {
        "OUTRIDER_DATABASE_URL": database_url, "OUTRIDER_REDIS_URL": redis_url,
        "OUTRIDER_ENV": "test", "OUTRIDER_LEASE": LEASE, "OUTRIDER_THREADS": "4",
        "OUTRIDER_METRICS_PORT": "-1", "OUTRIDER_LOG_FORMAT": "json",
        "OUTRIDER_TEST_DIARY": str(folder / "diary"),
    }  # fmt: skip


@pytest.fixture
def crew(database: Database, dsn: str, redis_url: str, tmp_path: Path) -> Iterator[Crew]:
    """Workers on the servers of this run; gone before the database is checked."""
    crew = Crew(tmp_path, settings(tmp_path, dsn, redis_url))
    yield crew
    crew.close()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Server]:
    """A Valkey of this test's own, to stop and start at will."""
    server = embedded.valkey(tmp_path, free_port(), durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Callable[[str], int]]:
    """The companies' web; answers how often a host's page was read."""
    log = tmp_path / "web.log"
    with _company_web(log) as ports:
        os.environ["OUTRIDER_EGRESS_PROXY"] = f"http://127.0.0.1:{ports['http']}"
        os.environ["OUTRIDER_DNS_SERVER"] = f"127.0.0.1:{ports['dns']}"

        def read(host: str) -> int:
            lines = map(json.loads, log.read_text().splitlines())
            return sum(line["host"] == host and line["method"] == "GET" for line in lines)

        yield read
        del os.environ["OUTRIDER_EGRESS_PROXY"], os.environ["OUTRIDER_DNS_SERVER"]


@contextmanager
def _company_web(log: Path) -> Iterator[dict[str, int]]:
    command = [sys.executable, "-P", "-m", "providers.standins.company_web", "--die-with-parent"]
    with subprocess.Popen(
        [*command, "--log", str(log)], stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()
