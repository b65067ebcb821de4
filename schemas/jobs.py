"""One class per actor. The class is the contract; its `name` is what the queue sees."""

from typing import ClassVar
from uuid import UUID

from schemas.base import Event, Job
from schemas.events import LeadEnriched


class EnrichLead(Job):
    """Find out what is publicly known about a lead's address, domain and company."""

    name: ClassVar[str] = "lead.enrich"
    emits: ClassVar[tuple[type[Event], ...]] = (LeadEnriched,)
    lead_id: UUID


class ScoreLead(Job):
    """Put a number, a tier and the reasons for both on a lead."""

    name: ClassVar[str] = "lead.score"
    lead_id: UUID


class CheckInvariants(Job):
    """Ask the database whether everything that must always be true is true."""

    name: ClassVar[str] = "house.check_invariants"


class PruneHistory(Job):
    """Forget what the retention rules say to forget."""

    name: ClassVar[str] = "house.prune_history"
