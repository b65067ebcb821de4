"""The jobs of the benchmarks; their actors are known only to the workers under measurement."""

from typing import ClassVar

from schemas.base import Job


class Unit(Job):
    """Read a row, update it, insert a row; a ticket carries several, each a transaction."""

    name: ClassVar[str] = "bench.unit"
    item: int


class Single(Job):
    """The same, one job per ticket: what an actor does that asks for nothing."""

    name: ClassVar[str] = "bench.single"
    item: int


class Set(Job):
    """The same, a whole ticket in one transaction."""

    name: ClassVar[str] = "bench.set"
    item: int


class Pure(Job):
    """Nothing of its own to write."""

    name: ClassVar[str] = "bench.pure"
    item: int


class Nap(Job):
    """Takes its time."""

    name: ClassVar[str] = "bench.nap"
    milliseconds: int
