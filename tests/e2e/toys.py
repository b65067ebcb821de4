"""Jobs that only the tests of whole processes know; the actors are in `worker.py`."""

from typing import ClassVar

from schemas.base import Job


class Send(Job):
    """Something that must never happen twice, and cannot be looked up."""

    name: ClassVar[str] = "toy.send"
    number: int


class Nap(Job):
    """Takes its time."""

    name: ClassVar[str] = "toy.nap"
    number: int
    seconds: float = 0


class Killer(Job):
    """Takes its process along, every time."""

    name: ClassVar[str] = "toy.killer"
    attempts: ClassVar[int] = 2


class Sip(Nap):
    """Takes its time, and several of them come on one ticket."""

    name: ClassVar[str] = "toy.sip"


class Crash(Job):
    """Breaks with a secret in a local variable, and in what it says."""

    name: ClassVar[str] = "toy.crash"
    attempts: ClassVar[int] = 2
    provider: str


class Leak(Nap):
    """Leaves 16 MiB behind, each time."""

    name: ClassVar[str] = "toy.leak"
