"""What we need from the outside world, in our own words; no vendor's name or shape."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from schemas.enrichments import DomainFacts


class DomainLookup(Protocol):
    """Public facts about a domain: its mail, and its company's home page."""

    def look(self, domain: str, website: str | None, *, key: str) -> DomainFacts:
        """Ask DNS about `domain` (ASCII) and read `website`, or else the domain's own home page.

        Asking twice is free and changes nothing; `key` names the question in the other side's log.
        A site or a mail server that is missing or broken is a fact. Raises Transient when our own
        resolver or egress proxy fails, RateLimited when the proxy says so, Permanent when it
        refuses us, and nothing else.
        """
        ...


def _nothing() -> None:
    """Fakes hold no connections."""


@dataclass(frozen=True, slots=True)
class Providers:
    """Every port an actor may use; `close` gives connections back, once, at the process's end."""

    domains: DomainLookup
    close: Callable[[], None] = _nothing
