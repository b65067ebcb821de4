"""What the producer will ask for, entry by entry: the same for the same seed.

An even entry queues jobs of one tenant; the odd one after it withdraws some and stops chains.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from schemas.base import Value
from scripts.chaos import work
from scripts.chaos.work import Chaotic, Kind

TENANTS: Final = ("noisy", "heavy", "paused", "small-1", "small-2", "small-3")
WEIGHTS: Final = {"heavy": 2.0}
_LENGTH = 4
"""Steps of a chain."""
_STOPPED = 0.25
"""The share of chains that somebody stops."""
_HOUR = timedelta(hours=1)


class Plan(Value):
    """The size of a run, as the producer is told it."""

    seed: int
    jobs: int
    seconds: float
    """How long the producer takes."""
    lease: float
    killers: int
    tenants: dict[str, UUID]
    """Ids by slug."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One job to queue, and when it is due."""

    job: Chaotic
    after: timedelta = timedelta(0)
    key: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """The jobs of one transaction."""

    nth: int
    tenant: str
    wishes: list[Wish]
    chains: list[int]
    stops: list[int]
    """Chains of earlier batches to stop after this one."""


class Planner:
    """Draws batches; its state is the generator's."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._dice = random.Random(plan.seed)  # noqa: S311  (a plan, not a secret)
        self._number = 0
        self._doomed: list[int] = []

    def batches(self) -> Iterator[Batch]:
        """Every batch of the run, in order."""
        kinds = self._kinds()
        size = max(20, int(len(kinds) / max(self._plan.seconds * 4, 1)))
        for at in range(0, len(kinds), size):
            yield self._batch(at // size, kinds[at : at + size], early=at < len(kinds) * 0.3)
        yield Batch(-(-len(kinds) // size), "noisy", [], [], self._doomed)

    def _kinds(self) -> list[Kind]:
        steps = {work.Step.name: _LENGTH}
        kinds = [
            kind
            for kind in work.KINDS
            for _ in range(
                max(kind.least, round(self._plan.jobs * kind.share / 1000))
                // steps.get(kind.job.name, 1)
            )
        ]
        kinds += [work.KILLER] * self._plan.killers
        self._dice.shuffle(kinds)
        every = work.PACE.total_seconds()
        return [work.PACED] * int(0.6 * self._plan.seconds / every) + kinds

    def _batch(self, nth: int, kinds: list[Kind], *, early: bool) -> Batch:
        draw = self._dice.random()
        tenant = TENANTS[0] if draw < (0.8 if early else 0.2) else self._dice.choice(TENANTS[1:])
        wishes = [self._wish(kind) for kind in kinds]
        chains = [wish.job.chain for wish in wishes if isinstance(wish.job, work.Step)]
        stops, self._doomed = self._doomed, [c for c in chains if self._dice.random() < _STOPPED]
        return Batch(nth, tenant, wishes, chains, stops)

    def _wish(self, kind: Kind) -> Wish:
        self._number += 1
        special = self._special(kind.job, self._number)
        return special or Wish(kind.job(number=self._number))

    def _special(self, job: type[Chaotic], number: int) -> Wish | None:
        """Jobs that need more than a number."""
        if job is work.Step:
            self._number += _LENGTH - 1
            return Wish(work.Step(number=number, chain=number, length=_LENGTH))
        if job is work.Slow:
            return Wish(work.Slow(number=number, seconds=self._plan.lease + 1))
        if job is work.Later:
            return Wish(work.Later(number=number), timedelta(seconds=self._dice.uniform(1, 4)))
        if job is work.Withdrawn:
            return Wish(work.Withdrawn(number=number), self._dice.choice([_HOUR, timedelta(0)]))
        return self._keyed(job, number)

    def _keyed(self, job: type[Chaotic], number: int) -> Wish | None:
        if job is work.Single:
            key = f"s{number % 4}"
            return Wish(work.Single(number=number, key=key), key=key)
        if job is work.Once:
            key = f"o{self._dice.randrange(max(3, self._plan.jobs // 200))}"
            return Wish(work.Once(number=number, key=key), key=key)
        return None
