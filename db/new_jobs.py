"""A job that is yet to be queued, and under which key. Refuses policies that could not be kept."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from schemas.base import Job

Scope = Literal["live", "gather", "days", "ever"]
SECOND = "gather:~"
"""What the key begins with under which a job gathers while the first one is late."""
OnConflict = Literal["ignore", "replace", "debounce"]


@dataclass(frozen=True, slots=True)
class Unique:
    """At most one job per key and tenant: while it lives, until it starts, for some days, or for ever.

    `gather` is until it starts: what commits before the job's first statement, the job sees.

    `on_conflict` says what a second call means while the key's job waits (delayed, ready, or
    between two attempts):
      ignore    nothing; the first job stands for both
      replace   the job becomes the newer one: payload, lane, priority, due time, trace; no attempts
      debounce  the same, and the wait starts anew, but never beyond `max_wait` after the first call
    A job that is on its way to a worker or runs is never changed: it gives up its key, and a new
    job follows it under that key. The two may overlap; a lane with one place makes them take turns.
    To take the key of a `live` job the call waits for whoever is just ending it; `gather` never does.
    """

    key: str
    scope: Scope = "ever"
    days: int | None = None
    on_conflict: OnConflict = "ignore"
    max_wait: timedelta | None = None

    def __post_init__(self) -> None:
        if (self.scope == "days") != (self.days is not None):
            raise ValueError("A unique key names its days if and only if its scope is days.")
        if self.on_conflict != "ignore" and self.scope not in {"live", "gather"}:
            raise ValueError(
                f"on_conflict: {self.on_conflict} needs a job that still waits, and scope {self.scope}"
                " outlives the job; use scope 'live' or 'gather'."
            )
        if (self.on_conflict == "debounce") != (self.max_wait is not None):
            raise ValueError(
                "max_wait: a debounced key names the longest wait, so that it ends, and no other key does."
            )

    @property
    def live_key(self) -> str | None:
        """What the job's row carries; a gathering job gives it up when it is claimed (db/claims.py)."""
        if self.scope == "gather":
            return f"gather:{self.key}"
        return self.key if self.scope == "live" else None

    @property
    def shared(self) -> bool:
        """Whether the job does what several callers asked for, and so belongs to none of them."""
        return self.scope == "gather" and self.on_conflict != "replace"


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be; `after` and `due_at` are business time, and `due_at` wins."""

    job: Job
    unique: Unique | None = None
    after: timedelta = timedelta(0)
    replay_of: int | None = None
    due_at: datetime | None = None
    priority: int | None = None
    """None: as the job's class says."""

    @property
    def live_key(self) -> str | None:
        """The key that the job holds while it waits, or lives."""
        return self.unique.live_key if self.unique else None

    def after_a_late_one(self) -> "NewJob":
        """The same under a second gathering key: the first job is late, and must be let start."""
        assert self.unique
        return replace(self, unique=replace(self.unique, key=f"~{self.unique.key}"))

    @property
    def supersedes(self) -> bool:
        """Whether it takes the place of the job that waits under its key."""
        return self.unique is not None and self.unique.on_conflict != "ignore"


def record(new: NewJob) -> dict[str, object]:
    """The job as a JSON-able row; what is absent is null."""
    job, unique = new.job, new.unique
    row: dict[str, object] = {
        "actor": job.name,
        "payload": job.to_json(),
        "version": job.version,
        "max_attempts": job.attempts,
        "priority": job.priority if new.priority is None else new.priority,
    }
    if lane := job.lane():
        row["lane"] = lane
    if new.after:
        row["after"] = _interval(new.after)
    if new.due_at:
        row["due_at"] = new.due_at.isoformat()
    if new.replay_of is not None:
        row["replay_of"] = new.replay_of
    return row | _under(unique) if unique else row


def _under(unique: Unique) -> dict[str, object]:
    row: dict[str, object] = {
        "key": unique.key,
        "live_key": unique.live_key,
        "scope": unique.scope,
        "shared": unique.shared,
        "days": unique.days,
    }
    if unique.max_wait is not None:
        row["max_wait"] = _interval(unique.max_wait)
    return row


def _interval(wait: timedelta) -> str:
    return f"{wait // timedelta(microseconds=1)} microseconds"
