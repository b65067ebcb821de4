"""Which faults strike when: drawn from the seed alone, so the same seed gives the same schedule."""

import random
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, repeat
from typing import Final

from workers.faults import POINTS


class Strike(StrEnum):
    """A kind of fault."""

    KILL = "SIGKILL of a worker"
    POINT = "SIGKILL at a named point"
    FREEZE = "SIGSTOP beyond the lease"
    FLUSH = "FLUSHALL"
    REDIS_RESTART = "Redis killed and restarted"
    REDIS_DOWN = "Redis down"
    POSTGRES = "Postgres crash and recovery"
    BACKENDS = "backends terminated"
    DUPLICATES = "tickets duplicated"
    OLD = "old tickets delivered again"
    GARBAGE = "undecodable tickets"
    FULL = "no connection to be had"
    PRODUCER = "SIGKILL of the producer"
    PAUSE = "a tenant paused"
    DRAIN = "SIGTERM of a worker"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: when (seconds from the start), what, on which worker, for how long."""

    at: float
    strike: Strike
    slot: int
    lasts: float = 0.0
    point: str = ""

    def __str__(self) -> str:
        """A line of the printed schedule."""
        told = self.point or (f"for {self.lasts:.1f} s" if self.lasts else "")
        return f"{self.at:7.1f} s  {self.strike} {told}".rstrip()


_APART: Final = 3.0
"""Seconds between two faults of a run that is long enough for one of each kind."""


def draw(*, seed: int, seconds: float, workers: int, lease: float) -> list[Fault]:
    """The faults of a run, by time: every kind and every named point in turn, in an order of chance.

    None strikes in the last eighth, so that what they left behind is also worked on under way.
    """
    dice = random.Random(seed)  # noqa: S311  (a schedule, not a secret)
    once = [(strike, "") for strike in Strike if strike is not Strike.POINT]
    once += zip(repeat(Strike.POINT), POINTS, strict=False)
    rounds = max(1, round(seconds * 7 / 8 / _APART / len(once)))
    kinds = list(chain.from_iterable(dice.sample(once, len(once)) for _ in range(rounds)))
    apart = (seconds * 7 / 8 - 1) / len(kinds)
    return [
        Fault(
            round(1 + apart * (nth + dice.random() * 0.8), 2),
            strike,
            nth % workers,
            round(_lasts(strike, dice, seconds, lease), 2),
            f"{point}@{dice.randint(1, 2 if point.startswith('effect') else 12)}" if point else "",
        )
        for nth, (strike, point) in enumerate(kinds)
    ]


def _lasts(strike: Strike, dice: random.Random, seconds: float, lease: float) -> float:
    if strike is Strike.FREEZE:
        return lease + dice.uniform(1, 3)
    if strike in {Strike.REDIS_DOWN, Strike.OLD}:
        return dice.uniform(1.5, min(60, max(3, seconds / 15)))
    if strike in {Strike.FULL, Strike.PAUSE}:
        return dice.uniform(1.5, 3)
    return 1.0 if strike is Strike.POSTGRES else 0.0
