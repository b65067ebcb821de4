"""The jobs of the chaos run, what each must come to, and how many of each there are.

One class per promise of the engine. Names carry no state: `number` is the producer's own count.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from pipelines.schedules import Schedule
from schemas.base import Job

QUEUE: Final = "chaos"
PLACES: Final = 3
"""Jobs of a capped lane that may be in flight at once."""
PACE: Final = timedelta(milliseconds=100)
"""Between two starts in a paced lane."""
BURST: Final = 2
TICKS: Final = "*/2 * * * * *"
"""Every other second, by the business clock."""


class Chaotic(Job):
    """A job that the producer has numbered."""

    name: ClassVar[str] = "chaos"
    number: int


class Pure(Chaotic):
    """Writes nothing."""

    name: ClassVar[str] = "chaos.pure"


class Write(Chaotic):
    """One row in its closing transaction."""

    name: ClassVar[str] = "chaos.write"


class Step(Chaotic):
    """One step of a chain: a mail that can be looked up, a row, and the next step in one transaction."""

    name: ClassVar[str] = "chaos.step"
    chain: int
    step: int = 1
    length: int


class Send(Chaotic):
    """A call that must not be repeated and leaves no evidence."""

    name: ClassVar[str] = "chaos.send"


class Prove(Chaotic):
    """A call that must not be repeated and can be looked up; some answers get lost."""

    name: ClassVar[str] = "chaos.prove"


class Again(Chaotic):
    """A call that may be repeated; some answers get lost."""

    name: ClassVar[str] = "chaos.again"


class Flaky(Chaotic):
    """Fails on its first two attempts."""

    name: ClassVar[str] = "chaos.flaky"


class Limited(Chaotic):
    """Is told to come back later, now and then, together with its lane."""

    name: ClassVar[str] = "chaos.limited"

    def lane(self) -> str:
        return f"api:{self.number % 2}"


class Slow(Chaotic):
    """Takes longer than a lease."""

    name: ClassVar[str] = "chaos.slow"
    seconds: float


class Later(Chaotic):
    """Is due after a while, and never before."""

    name: ClassVar[str] = "chaos.later"


class Single(Chaotic):
    """One at a time per key while it lives."""

    name: ClassVar[str] = "chaos.single"
    key: str


class Once(Chaotic):
    """One per key, for ever."""

    name: ClassVar[str] = "chaos.once"
    key: str


class Capped(Chaotic):
    """At most `PLACES` of its lane in flight."""

    name: ClassVar[str] = "chaos.capped"

    def lane(self) -> str:
        return "cap"


class Paced(Chaotic):
    """A start every `PACE`, and no more than `BURST` at once."""

    name: ClassVar[str] = "chaos.paced"

    def lane(self) -> str:
        return "rate"


class Withdrawn(Chaotic):
    """Is cancelled by whoever made it."""

    name: ClassVar[str] = "chaos.withdrawn"


class Refused(Chaotic):
    """Cannot ever work."""

    name: ClassVar[str] = "chaos.refused"


class Bug(Chaotic):
    """Raises what nobody foresaw, until somebody has mended it."""

    name: ClassVar[str] = "chaos.bug"
    attempts: ClassVar[int] = 3


class Regret(Chaotic):
    """Makes a call that must not be repeated, and cannot go on after it until somebody has mended it."""

    name: ClassVar[str] = "chaos.regret"


class Killer(Chaotic):
    """Takes its process along, until somebody has mended it."""

    name: ClassVar[str] = "chaos.killer"
    attempts: ClassVar[int] = 2


class Poisoned(Chaotic):
    """Was queued by something that knows another shape of it."""

    name: ClassVar[str] = "chaos.poisoned"


class Tick(Job):
    """What the toy schedule makes."""

    name: ClassVar[str] = "chaos.tick"


class EverySecond(Schedule):
    """A line with a sixth field, which real schedules may not have: a run is too short for minutes."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Any line is fine."""


TICKING: Final = EverySecond("chaos", TICKS, "UTC", Tick())


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: its share of all, how it must end, and which traces it leaves."""

    job: type[Chaotic]
    share: float
    """Of a thousand jobs."""
    ends: str = "done"
    deeds: bool = True
    """Leaves one row per job that is done."""
    calls: int | None = None
    """Accepted calls that its number must have; None: it makes none that count."""
    least: int = 0
    """As many at least, however short the run."""


KINDS: Final = (
    Kind(Pure, 420, deeds=False),
    Kind(Write, 250),
    Kind(Step, 90, calls=1),
    Kind(Send, 40, calls=1),
    Kind(Prove, 20, calls=1),
    Kind(Again, 25, least=5),
    Kind(Flaky, 30, least=5),
    Kind(Limited, 4, least=4),
    Kind(Slow, 1, least=2),
    Kind(Later, 45, least=10),
    Kind(Single, 15, least=10),
    Kind(Once, 15, least=10),
    Kind(Capped, 15, least=20),
    Kind(Withdrawn, 10, ends="cancelled", least=5),
    Kind(Refused, 4, ends="dead", deeds=False, least=2),
    Kind(Bug, 3, ends="dead", deeds=False, least=2),
    Kind(Regret, 4, ends="dead", deeds=False, calls=1, least=3),
    Kind(Poisoned, 3, ends="dead", deeds=False, least=2),
)
KIND_OF: Final = {kind.job.name: kind for kind in KINDS}
PACED: Final = Kind(Paced, 0)
KILLER: Final = Kind(Killer, 0, ends="dead", deeds=False)
EVERY: Final = {**KIND_OF, Paced.name: PACED, Killer.name: KILLER}
