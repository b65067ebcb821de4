"""What the dispatcher does across tenants, through definer functions and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from db.pool import Tx
from schemas.enums import JobState


@dataclass(frozen=True, slots=True)
class Ticket:
    """Enough to ring for a job; its content stays in Postgres."""

    id: int
    tenant_id: UUID | None
    actor: str


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: lost tickets, recovered jobs, jobs out of attempts."""

    rung_again: int
    recovered: int
    buried: int


@dataclass(frozen=True, slots=True)
class Depth:
    """How much unfinished work an actor has in one state, and how old the oldest is."""

    actor: str
    state: JobState
    jobs: int
    oldest_seconds: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", JobState(self.state))


def promote(tx: Tx, *, limit: int) -> int:
    """Make due rows ready, `limit` waits and `limit` backoffs at most; returns how many."""
    return int(str(tx.value("SELECT outrider.dispatch_promote(%(limit)s)", {"limit": limit})))


def pick(tx: Tx, *, actors: Sequence[str], window: int, lease: timedelta) -> list[Ticket]:
    """Take ready jobs until `window` tickets are on their way, in the order they were enqueued."""
    return tx.list(
        Ticket,
        """
        SELECT id, tenant_id, actor
          FROM outrider.dispatch_pick(%(actors)s, %(window)s, %(lease)s) ORDER BY id
        """,
        {"actors": list(actors), "window": window, "lease": lease},
    )


def is_waiting(tx: Tx, *, actors: Sequence[str]) -> bool:
    """Whether anything is ready for these actors and not paused."""
    return (
        tx.value("SELECT outrider.dispatch_waiting(%(actors)s)", {"actors": list(actors)}) is True
    )


def give_back(tx: Tx, ids: Sequence[int]) -> None:
    """Make picked jobs ready again whose tickets could not be rung."""
    tx.run("SELECT outrider.dispatch_return(%(ids)s)", {"ids": list(ids)})


def sweep(tx: Tx, *, lease: timedelta, limit: int, deaths: bool = True) -> Swept:
    """Recover what died: silent sessions (only with `deaths`), lost tickets, overdue jobs."""
    return tx.one(
        Swept,
        """
        SELECT rung_again, recovered, buried
          FROM outrider.dispatch_sweep(%(lease)s, %(limit)s, %(deaths)s)
        """,
        {"lease": lease, "limit": limit, "deaths": deaths},
    )


def depth(tx: Tx) -> list[Depth]:
    """Unfinished work by actor and state, in that order."""
    return tx.list(
        Depth, "SELECT actor, state, jobs, oldest_seconds FROM outrider.dispatch_depth()"
    )
