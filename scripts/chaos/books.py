"""Everything the judge knows: the producer's log, the provider's record, the engine's tables, the watchers."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from db import Database, chaos_books, invariants
from db.chaos_books import Deed, Fire, Left, Letter, Line
from db.invariants import Violation
from scripts.chaos import work
from scripts.chaos.crew import Death, Outage
from scripts.chaos.faults import Paused
from scripts.chaos.producer import Entry, read_log
from scripts.chaos.provider import Call, Provider
from scripts.chaos.sampler import Seen

Offences = Iterator[str]
"""Sentences, one per thing that is not as it must be."""
_SWEEPS = ("rung_again", "recovered", "buried")


@dataclass(slots=True)
class Facts:
    """What was seen while it happened, and what the run was."""

    seed: int
    lease: float
    threads: int
    workers: int
    faults: bool
    kills: int = 0
    deaths: list[Death] = field(default_factory=list[Death])
    outages: list[Outage] = field(default_factory=list[Outage])
    paused: list[Paused] = field(default_factory=list[Paused])
    flushed: set[int] = field(default_factory=set[int])
    """Jobs whose tickets a FLUSHALL took."""
    flushes: int = 0
    doubts: int = 0
    before_replay: int = 0
    """Lines of the provider's record when nothing had been replayed."""
    replayed: tuple[int, ...] = ()
    """Dead letters that each round of replays sent round."""
    stuck: list[str] = field(default_factory=list[str])
    bytes: int = 0
    held_rows: int = 0


@dataclass
class Books:
    """All of it, read once at the end."""

    facts: Facts
    seen: Seen
    entries: list[Entry]
    calls: list[Call]
    lines: list[Line]
    left: list[Left]
    deeds: list[Deed]
    letters: list[Letter]
    fires: list[Fire]
    violations: list[Violation]
    events: Counter[str]
    """What the workers logged, by event; `swept.…` are jobs."""

    @cached_property
    def made(self) -> dict[int, str]:
        """Kind by id: what the producer says it committed."""
        return {i: kind for e in self.entries for kind, ids in e.made.items() for i in ids}

    @cached_property
    def owners(self) -> dict[int, str]:
        """The tenant, by its slug, of each job that the producer made."""
        return {i: e.tenant for e in self.entries for ids in e.made.values() for i in ids}

    @cached_property
    def children(self) -> list[int]:
        """Ids of the jobs that jobs say they made."""
        return [deed.child for deed in self.deeds if deed.child is not None]

    @cached_property
    def replays(self) -> dict[int, int]:
        """The replayed letter's job by the job that replays it."""
        return {one.replay_job_id: one.job_id for one in self.letters if one.replay_job_id}

    @cached_property
    def ends(self) -> dict[int, list[str]]:
        """Every end that the log has of a job."""
        ends: dict[int, list[str]] = defaultdict(list)
        for line in self.lines:
            ends[line.job_id].append(line.outcome)
        return dict(ends)

    @cached_property
    def pending(self) -> dict[int, Left]:
        """Unfinished jobs by id."""
        return {one.id: one for one in self.left}

    @cached_property
    def deeds_of(self) -> Counter[int]:
        """Deeds by job."""
        return Counter(deed.job_id for deed in self.deeds)

    @cached_property
    def calls_of(self) -> Counter[str]:
        """Accepted calls by key."""
        return Counter(call.key for call in self.calls)

    @cached_property
    def worn_out(self) -> set[int]:
        """Jobs that may be dead although their kind works: every attempt lost its worker."""
        return {
            one.job_id
            for one in self.letters
            if one.error_class == "WorkerLost" and one.attempts == one.max_attempts
        }


def read(database: Database, folder: Path, facts: Facts, seen: Seen, *, lease: float) -> Books:
    """Open all books. Nothing of the run may be running."""
    with database.hat("operator") as tx:
        return Books(
            facts=facts,
            seen=seen,
            entries=read_log(folder),
            calls=list(Provider(folder).calls()),
            lines=chaos_books.list_lines(tx),
            left=chaos_books.list_left(tx),
            deeds=chaos_books.list_deeds(tx),
            letters=chaos_books.list_letters(tx),
            fires=chaos_books.list_fires(tx, work.TICKING.name),
            violations=invariants.check(tx, lease=timedelta(seconds=lease)),
            events=_events(folder),
        )


def _events(folder: Path) -> Counter[str]:
    events: Counter[str] = Counter()
    for path in sorted(folder.glob("worker-*.log")):
        for text in path.read_text(errors="replace").splitlines():
            if not text.startswith("{"):
                events["(a line without form)"] += 1
                continue
            line = json.loads(text)
            events[str(line.get("event"))] += 1
            for name in _SWEEPS:
                events[f"swept.{name}"] += int(line.get(name, 0))
    return events
