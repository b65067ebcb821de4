"""The operator's hand in a chaos run: a process that replays the dead letters when it is told to."""

import json
import subprocess
from collections.abc import Callable

from scripts.chaos.stage import Stage


class ReplayFailed(Exception):
    """The process that replays ended with an error; the text is its last line."""


class Replayer:
    """Knows the run's actors, which this process must not: they would become everybody's."""

    def __init__(self, stage: Stage) -> None:
        self._log = stage.folder / "replayer.log"
        self._process = stage.spawn("scripts.chaos.replayer", log=self._log, stdin=subprocess.PIPE)
        self._rounds = 0

    def round(self, meanwhile: Callable[[], None]) -> int:
        """Replay every letter; returns how many were. Raises ReplayFailed."""
        assert self._process.stdin
        self._process.stdin.write(b"go\n")
        self._process.stdin.flush()
        self._rounds += 1
        while len(lines := self._log.read_text().splitlines()) < self._rounds:
            if self._process.poll() is not None:
                break
            meanwhile()
        try:
            return int(json.loads(lines[-1])["replayed"])
        except (IndexError, ValueError):
            raise ReplayFailed(f"The replay failed: {lines[-1] if lines else 'no word'}") from None

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()
