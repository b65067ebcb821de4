"""Looks at the database ten times a second, from outside the fleet, and keeps the worst it saw."""

import threading
from dataclasses import dataclass, field

from db import Database, chaos_books
from db.pool import DatabaseAway
from scripts.chaos import work

_EVERY = 0.1


@dataclass(slots=True)
class Seen:
    """The most of each, and how often somebody looked."""

    samples: int = 0
    jobs: int = 0
    capped: int = 0
    per_key: int = 0
    overdue: float = 0.0


@dataclass(slots=True)
class Sampler:
    """A thread that looks until it is closed; blind while Postgres is away."""

    database: Database
    seen: Seen = field(default_factory=Seen)
    _halt: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._halt.set()
        if self._thread:
            self._thread.join(10)

    def _run(self) -> None:
        while not self._halt.wait(_EVERY):
            try:
                with self.database.hat("operator") as tx:
                    one = chaos_books.sample(tx, capped=work.Capped.name, single=work.Single.name)
            except DatabaseAway:
                continue
            seen = self.seen
            seen.samples += 1
            seen.jobs = max(seen.jobs, one.jobs)
            seen.capped = max(seen.capped, one.capped)
            seen.per_key = max(seen.per_key, one.per_key)
            seen.overdue = max(seen.overdue, one.overdue)
