"""The job of the benchmarks; its actor is known only to the worker under measurement."""

from typing import ClassVar

from schemas.base import Job


class Unit(Job):
    """Read a row, update it, insert a row."""

    name: ClassVar[str] = "bench.unit"
    item: int
