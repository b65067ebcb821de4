"""Facts, in the past tense. The pipeline says what follows from each."""

from typing import ClassVar
from uuid import UUID

from schemas.base import Event


class LeadCaptured(Event):
    """A verified source told us about a person."""

    name: ClassVar[str] = "lead.captured"
    lead_id: UUID


class LeadEnriched(Event):
    """Public facts about a lead are stored with their provenance."""

    name: ClassVar[str] = "lead.enriched"
    lead_id: UUID
