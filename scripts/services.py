"""Embedded Postgres and Valkey for demo, development and tests. Refuses to touch a system's own.

Trust on loopback: whoever can open a local port can read the data. Never for production.
"""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.server import ServerFailed

__all__ = ["ServerFailed", "Services", "default_folder", "running"]

_ROOT = Path(__file__).resolve().parent.parent
_FAREWELL = 20.0  # seconds; two servers get 10 each before they are killed


@dataclass(frozen=True, slots=True)
class Services:
    """Where the servers answer; the database URL is the superuser's."""

    database_url: str
    redis_url: str


def default_folder() -> Path:
    """`.outrider` in the checkout that this code runs from, else in the working directory."""
    home = _ROOT if (_ROOT / "pyproject.toml").exists() else Path.cwd()
    return home / ".outrider"


@contextmanager
def running(folder: Path, *, durable: bool = True) -> Generator[Services]:
    """Both servers on `folder`, which keeps data, logs and ports; stopped at the end.

    They end with this process, however it ends. Without `durable` nothing is synced to disk.
    Raises ServerFailed: no binary, no start, or a folder that another process has.
    """
    keeper = _keeper(folder.resolve(), "durable" if durable else "fleeting")
    try:
        yield _first_word(keeper)
    finally:
        _dismiss(keeper)


def _keeper(folder: Path, mode: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-m", "scripts.keeper", str(folder), str(os.getpid()), mode]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        start_new_session=True,  # Ctrl-C reaches us; the servers outlive our workers
    )  # fmt: skip


def _first_word(keeper: subprocess.Popen[str]) -> Services:
    assert keeper.stdout is not None
    line = keeper.stdout.readline()
    if not line:
        raise ServerFailed("The keeper of the embedded servers ended without a word; see above.")
    answer: dict[str, str] = json.loads(line)
    if "error" in answer:
        raise ServerFailed(answer["error"])
    return Services(**answer)


def _dismiss(keeper: subprocess.Popen[str]) -> None:
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    keeper.stdin.close()
    try:
        keeper.wait(_FAREWELL)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()
    keeper.stdout.close()
