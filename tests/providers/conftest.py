"""The stand-in web of companies as a real process on loopback."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SEED = 7


@dataclass(frozen=True, slots=True)
class CompanyWeb:
    """Where the stand-in listens, and what it was asked."""

    proxy: str
    dns: str
    log: Path
    pid: int

    def asked(self, key: str) -> list[tuple[str, str, int]]:
        """Method, host and status of the requests that carried `key` (a CONNECT carries none)."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [
            (line["method"], line["host"], line["status"]) for line in lines if line["key"] == key
        ]


@pytest.fixture(scope="session")
def company_web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CompanyWeb]:
    log = tmp_path_factory.mktemp("web") / "requests.jsonl"
    command = [
        sys.executable,
        "-m",
        "providers.standins.company_web",
        "--seed",
        str(SEED),
        "--log",
        str(log),
        "--die-with-parent",
    ]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        ports = json.loads(process.stdout.readline())
        yield CompanyWeb(
            f"http://127.0.0.1:{ports['http']}", f"127.0.0.1:{ports['dns']}", log, process.pid
        )
        process.terminate()
        assert process.wait(5) == 0
