"""The producer: queues what the plan says, and keeps a log of its own of what it committed.

A line is written after the commit. When the process dies in between, or the connection breaks while
the commit is on its way, nobody knows; so each transaction also writes what it did into a table of
the producer's own, and before it goes on the producer copies from there what its log lacks. The log
counts, never the tables of the engine.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from db import Database, Tx, chaos, jobs
from db.pool import DatabaseAway
from schemas.settings import load
from scripts.chaos import work
from scripts.chaos.plan import Batch, Plan, Planner
from scripts.chaos.work import Chaotic
from telemetry.bell import Bell

_LOG: Final = "producer.log"
_PAUSE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Entry:
    """One committed transaction of the producer."""

    nth: int
    tenant: str = ""
    made: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """Ids by kind."""
    keys: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """The keys that were asked for, by kind."""
    withdrawn: list[int] = field(default_factory=list[int])
    stopped: list[int] = field(default_factory=list[int])
    at: float | None = None
    """Monotonic, right after the commit; None: copied later."""


def read_log(folder: Path) -> list[Entry]:
    """Every entry that the producer's log has."""
    path = folder / _LOG
    text = path.read_text() if path.exists() else ""
    return [Entry(**json.loads(line)) for line in text.splitlines()]


class Producer:
    """Goes through the plan; a successor goes on where it died."""

    def __init__(self, plan: Plan, database: Database, folder: Path) -> None:
        self._plan = plan
        self._database = database
        self._folder = folder
        self._known = {entry.nth: entry for entry in read_log(folder)}

    def run(self) -> None:
        """Queue everything, at an even pace; waits for Postgres as long as it is away."""
        batches = list(Planner(self._plan).batches())
        apart = self._plan.seconds / max(len(batches), 1)
        self._patiently(-1)
        start = time.monotonic() - apart * sum(batch.nth * 2 in self._known for batch in batches)
        for batch in batches:
            time.sleep(max(0.0, start + apart * batch.nth - time.monotonic()))
            self._patiently(2 * batch.nth, batch)
            self._patiently(2 * batch.nth + 1, batch)

    def _patiently(self, nth: int, batch: Batch | None = None) -> None:
        while True:
            try:
                self._heal()
                if batch and nth not in self._known:
                    self._commit(nth, batch)
            except DatabaseAway:
                time.sleep(_PAUSE)
            else:
                return

    def _heal(self) -> None:
        """Copy what was committed and never written down."""
        last = max(self._known, default=-1)
        with self._database.tenant(None) as tx:
            found = chaos.list_entries(tx, after=last)
        for entry in found:
            self._write(Entry(**entry.body), at=None)  # pyright: ignore[reportArgumentType]

    def _commit(self, nth: int, batch: Batch) -> None:
        with self._database.tenant(self._plan.tenants[batch.tenant]) as tx:
            entry = self._undo(tx, nth, batch) if nth % 2 else self._make(tx, nth, batch)
            chaos.add_entry(tx, nth, _body(entry))
        self._write(entry, at=time.monotonic())

    def _make(self, tx: Tx, nth: int, batch: Batch) -> Entry:
        entry = Entry(nth, batch.tenant)
        for chain in batch.chains:
            chaos.add_chain(tx, chain)
        for kind, wishes in _sorted(batch):
            entry.made[kind] = self._queue(tx, kind, wishes)
            if any(key for _, key in wishes):
                entry.keys[kind] = [key for _, key in wishes]
        return entry

    def _queue(self, tx: Tx, kind: str, wishes: list[tuple[jobs.NewJob, str]]) -> list[int]:
        if kind == work.Poisoned.name:
            return [chaos.plant(tx, actor=kind, number=n) for n in range(len(wishes))]
        if kind in {work.Single.name, work.Once.name}:  # together, they would be one statement's
            return [job_id for job, _ in wishes for job_id in jobs.add(tx, [job])]
        return jobs.add(tx, [job for job, _ in wishes])

    def _undo(self, tx: Tx, nth: int, batch: Batch) -> Entry:
        made = self._known[nth - 1].made.get(work.Withdrawn.name, [])
        for chain in batch.stops:
            chaos.stop_chain(tx, chain)
        gone = [job_id for job_id in made if jobs.cancel(tx, job_id)]
        return Entry(nth, batch.tenant, withdrawn=gone, stopped=batch.stops)

    def _write(self, entry: Entry, *, at: float | None) -> None:
        line = json.dumps({**_body(entry), "at": at}) + "\n"
        handle = os.open(self._folder / _LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)
        self._known[entry.nth] = entry


def _sorted(batch: Batch) -> Iterator[tuple[str, list[tuple[jobs.NewJob, str]]]]:
    kinds: dict[str, list[tuple[jobs.NewJob, str]]] = {}
    for wish in batch.wishes:
        new = jobs.NewJob(wish.job, _unique(wish.job, wish.key), wish.after)
        kinds.setdefault(wish.job.name, []).append((new, wish.key))
    yield from kinds.items()


def _unique(job: Chaotic, key: str) -> jobs.Unique | None:
    if isinstance(job, work.Single):
        return jobs.Unique(f"single:{key}", "live")
    return jobs.Unique(f"once:{key}") if isinstance(job, work.Once) else None


def _body(entry: Entry) -> dict[str, object]:
    return {
        "nth": entry.nth,
        "tenant": entry.tenant,
        "made": entry.made,
        "keys": entry.keys,
        "withdrawn": entry.withdrawn,
        "stopped": entry.stopped,
    }


def main() -> None:
    """Produce what `plan.json` of the folder says."""
    folder = Path(sys.argv[1])
    settings = load()
    assert settings.database_url
    assert settings.redis_url
    bell = Bell(settings.redis_url.get_secret_value(), settings.redis_prefix)
    database = Database(settings.database_url.get_secret_value(), max_size=2, bell=bell)
    database.open()
    try:
        plan = Plan.model_validate_json((folder / "plan.json").read_text())
        Producer(plan, database, folder).run()
    finally:
        database.close()
        bell.close()


if __name__ == "__main__":
    main()
