"""One thing that must be so, counted twice by people who do not know each other."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """What was counted, what it should be, and in whose books that stands."""

    name: str
    found: int
    expected: int
    source: str
    at_most: bool = False
    """Whether `expected` is a limit."""

    @property
    def holds(self) -> bool:
        """Whether both counts agree, or the limit is kept."""
        return self.found <= self.expected if self.at_most else self.found == self.expected
