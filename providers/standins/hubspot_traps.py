"""How the HubSpot stand-in misbehaves, as HubSpot does: every n-th time, and when asked too often."""

import time
from collections import Counter, deque
from dataclasses import dataclass, field

from schemas.base import Value


class Traps(Value):
    """Every n-th time; 0 is never. `limit` requests are answered per `interval_ms`."""

    lost: int = 0
    """Upserts that are carried out, and the connection closed instead of an answer."""
    throttle: int = 0
    """Requests that get 429 though there is room."""
    broken: int = 0
    """Requests that get 500, with nothing done."""
    partial: int = 0
    """Upserts that refuse one contact for a reason that passes."""
    missing: int = 0
    """Upserts that carry out one contact and leave it out of the answer."""
    limit: int = 110
    interval_ms: int = 10_000

    @classmethod
    def parse(cls, text: str) -> "Traps":
        """`lost=7,throttle=5`. Raises ValueError (pydantic's) for a trap that is none."""
        pairs = (pair.partition("=") for pair in text.split(",") if pair.strip())
        return cls.model_validate({name.strip(): number for name, _, number in pairs})


@dataclass(slots=True)
class Springs:
    """Counts what each trap has seen, and tells whose turn it is."""

    traps: Traps
    _seen: Counter[str] = field(default_factory=Counter[str])
    _recent: deque[float] = field(default_factory=deque[float])

    def snaps(self, trap: str) -> bool:
        """Count one occasion for a trap; whether it is an n-th one."""
        every = int(getattr(self.traps, trap))
        self._seen[trap] += 1
        return bool(every) and self._seen[trap] % every == 0

    def room(self) -> int:
        """Count one request in the rolling interval; how many more fit, -1 when it did not."""
        now, interval = time.monotonic(), self.traps.interval_ms / 1000
        while self._recent and self._recent[0] <= now - interval:
            self._recent.popleft()
        if len(self._recent) >= self.traps.limit:
            return -1
        self._recent.append(now)
        return self.traps.limit - len(self._recent)
