"""Processes under measurement: started alike, waited for alike, stopped by pid."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from schemas.settings import Settings
from scripts.environment import variables
from scripts.signals import die_with_parent

_ROOT = Path(__file__).resolve().parents[2]


def python(module: str, *args: str) -> list[str]:
    """The command that runs a module of this checkout."""
    return [sys.executable, "-P", "-m", module, *args]


def environment_of(settings: Settings) -> dict[str, str]:
    """What a process under measurement is told of its surroundings."""
    return {**os.environ, "PYTHONPATH": str(_ROOT), **variables(settings)}


def start(
    module: str, args: Sequence[str], settings: Settings, **extra: str
) -> subprocess.Popen[bytes]:
    """One process of a module with these settings; `extra` is further environment."""
    return subprocess.Popen(
        python(module, *args), env={**environment_of(settings), **extra}, start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509  (one thread starts them, and it lasts)
    )  # fmt: skip


def stop(*started: subprocess.Popen[bytes]) -> None:
    """SIGTERM to all, then wait for each; one that does not go is killed. Idempotent."""
    for process in started:
        if process.poll() is None:
            process.terminate()
    for process in started:
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def processes(
    module: str, args: Sequence[str], settings: Settings, *, count: int, **extra: str
) -> Generator[list[int]]:
    """Run `count` copies of a module with these settings; yields their pids."""
    started = [start(module, args, settings, **extra) for _ in range(count)]
    try:
        yield [process.pid for process in started]
    finally:
        stop(*started)


def until(done: Callable[[], bool], *, patience: float, every: float = 0.05) -> None:
    """Look again and again. Raises TimeoutError after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"The measured work was not done within {patience:.0f} s.")
        time.sleep(every)
