"""Send dead letters round again, as new jobs. Refuses what the current code could not read, and twice.

Effects are keyed by what they mean and not by job, so what already happened is not repeated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from db import Database, Tx, audit, dead, dead_ends, jobs
from db.dead import DeadLetter, Which
from db.dead_ends import Tied
from schemas.errors import Permanent
from workers import letters
from workers.edits import Edit
from workers.letters import Left

_LAST = 9
"""The priority of a replay: in its own lane, behind what is due there anyway."""


@dataclass(frozen=True, slots=True)
class Order:
    """How letters are replayed: one starts `every` so often, after `edits`; who wants it, and why."""

    operator: str
    reason: str
    every: timedelta = timedelta(milliseconds=100)
    edits: Sequence[Edit] = ()
    batch_id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True)
class Replayed:
    """One slice's end: letters with their new jobs, and letters that stay open."""

    tied: list[Tied]
    left: list[Left]


def replay(database: Database, letter_id: int, *, operator: str, reason: str) -> int:
    """Make a new job of one open letter and return its id; audited.

    Raises NoSuchRow, and Permanent when it is not open or cannot be read.
    """
    with database.hat("operator") as tx:
        dead.get(tx, letter_id)
    order = Order(operator, reason)
    [end] = replay_all(database, Which(ids=[letter_id]), order)
    if end.left:
        raise Permanent(f"Dead letter {letter_id} {end.left[0].because}.")
    return end.tied[0].job_id


def replay_all(
    database: Database,
    which: Which,
    order: Order,
    *,
    limit: int | None = None,
    size: int = letters.SLICE,
) -> Iterator[Replayed]:
    """Make a new job of each open letter that is meant, oldest first, and audit each.

    A slice is one transaction. Whoever is stopped between two of them, runs the same again, and
    the rest follows: a letter is replayed once, also by commands that race.
    """
    meant = letters.select(database, which, limit=limit, size=size)
    if meant.left:
        yield Replayed([], meant.left)
    started = 0
    for part in meant.slices:
        with database.tenant(part.tenant_id) as tx:
            end = _replay_slice(tx, part.ids, order, started)
        started += len(end.tied)
        yield end


def _replay_slice(tx: Tx, ids: Sequence[int], order: Order, started: int) -> Replayed:
    found = dead_ends.lock_open(tx, ids)
    left = letters.gone_meanwhile(tx, ids, found)
    new: list[jobs.NewJob] = []
    for letter in found:
        wait = (started + len(new)) * order.every
        try:
            new.append(_again(letter, order, wait))
        except Permanent as problem:
            left.append(Left(letter.id, str(problem)))
    made = jobs.add(tx, new)
    tied = dead_ends.mark_replayed(tx, made, batch_id=order.batch_id, by=order.operator)
    audit.record_all(
        tx,
        operator=order.operator,
        action="replay",
        resource_type="dead_letter",
        resource_ids=[one.letter_id for one in tied],
        reason=order.reason,
        details={"batch": str(order.batch_id), "edited": [edit.field for edit in order.edits]},
    )
    return Replayed(sorted(tied, key=lambda one: one.letter_id), left)


def _again(letter: DeadLetter, order: Order, wait: timedelta) -> jobs.NewJob:
    job = letters.read(letter, order.edits)
    return jobs.NewJob(job, after=wait, replay_of=letter.job_id, priority=_LAST)
