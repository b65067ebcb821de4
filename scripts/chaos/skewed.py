"""A chaos worker whose wall clock is wrong: `python -m scripts.chaos.skewed SECONDS`.

Shifts what Python code can read of the real time, before anything else is imported. What it proves
is that no decision rests on a worker's clock; the monotonic one stays, as it does when NTP steps.
"""

import datetime as dt
import runpy
import sys
import time


def shift(seconds: float) -> None:
    """From now on this process believes that it is `seconds` later."""

    def seen() -> float:
        return time.clock_gettime(time.CLOCK_REALTIME) + seconds

    class Meta(type):
        def __instancecheck__(cls, thing: object) -> bool:
            return isinstance(thing, _REAL)

    class Shifted(_REAL, metaclass=Meta):
        __slots__ = ()  # C code checks the size

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return _REAL.fromtimestamp(seen(), tz)

    for module, name, fake in (
        (time, "time", seen),
        (time, "time_ns", lambda: int(seen() * 1e9)),
        (dt, "datetime", Shifted),
    ):
        setattr(module, name, fake)


_REAL = dt.datetime


def main() -> None:
    """Run the chaos worker under the wrong clock."""
    shift(float(sys.argv[1]))
    runpy.run_module("scripts.chaos.worker", run_name="__main__")


if __name__ == "__main__":
    main()
