"""Processes under measurement: started alike, waited for alike, stopped by pid."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from schemas.settings import Settings
from scripts.environment import variables

_ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def processes(
    module: str, args: Sequence[str], settings: Settings, *, count: int
) -> Generator[list[int]]:
    """Run `count` copies of a module with these settings; yields their pids."""
    env = {**os.environ, "PYTHONPATH": str(_ROOT), **variables(settings)}
    command = [sys.executable, "-P", "-m", module, *args]
    started = [subprocess.Popen(command, env=env, start_new_session=True) for _ in range(count)]
    try:
        yield [process.pid for process in started]
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def until(done: Callable[[], bool], *, patience: float) -> None:
    """Look every 50 ms. Raises TimeoutError after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"The measured work was not done within {patience:.0f} s.")
        time.sleep(0.05)
