"""How long a failed job waits: exponential, with full jitter above half, and a ceiling."""

import random
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Retry:
    """Backoff from `first`, doubling, never above `longest`."""

    first: timedelta
    longest: timedelta

    def pause(self, attempt: int, *, draw: float | None = None) -> timedelta:
        """The wait after attempt number `attempt` (from 1) failed.

        Between half and all of first·2^(attempt-1); `draw` in [0, 1) replaces chance.
        """
        ceiling = min(self.first * 2 ** min(attempt - 1, 30), self.longest)
        chance = random.random() if draw is None else draw  # noqa: S311  (jitter, not a secret)
        return ceiling * (0.5 + chance / 2)


PATIENT = Retry(first=timedelta(seconds=2), longest=timedelta(minutes=30))
QUICK = Retry(first=timedelta(milliseconds=500), longest=timedelta(seconds=30))
