"""The recording provider: one line per accepted call in a file that only ever grows.

A line is one write to a file opened for appending, so it is there or it is not, whoever dies when.
Times are the machine's monotonic clock, which all its processes share and no skew moves.
"""

import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import Transient, Unanswered

_REFUSES, _LOSES = 0.02, 0.05


@dataclass(frozen=True, slots=True)
class Call:
    """One line of the record."""

    at: float
    key: str
    number: int
    job_id: int
    pid: int


class Provider:
    """What workers call, and what the judge reads."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "provider.log"

    def accept(self, key: str, *, number: int, job_id: int, loses: bool = False) -> None:
        """Do what is asked, and say so; with `loses`, some answers never arrive.

        Raises Transient when certainly nothing happened, Unanswered when it did and nobody is told.
        """
        if random.random() < _REFUSES:  # noqa: S311  (a dice, not a secret)
            raise Transient("The provider is out of breath.")
        self.note(key, number=number, job_id=job_id)
        if loses and random.random() < _LOSES:  # noqa: S311
            raise Unanswered("The provider's answer was lost.")

    def note(self, key: str, *, number: int, job_id: int) -> None:
        """Write one line."""
        line = f"{time.monotonic():.6f} {key} {number} {job_id} {os.getpid()}\n"
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)

    def knows(self, key: str) -> bool:
        """Whether a call under this key was accepted."""
        return self._path.exists() and f" {key} ".encode() in self._path.read_bytes()

    def calls(self) -> Iterator[Call]:
        """Every line, in the order they were written."""
        if not self._path.exists():
            return
        for line in self._path.read_text().splitlines():
            at, key, number, job_id, pid = line.split(" ")
            yield Call(float(at), key, int(number), int(job_id), int(pid))
