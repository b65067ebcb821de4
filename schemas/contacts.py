"""A person as a CRM gets to see them, and what the CRM made of it."""

from typing import Literal
from uuid import UUID

from schemas.base import Value


class Contact(Value):
    """One person in the CRM's own field names; every value is text, and an empty one clears."""

    key: str
    """Our id of the person, which the CRM hands back with the outcome."""
    email: str
    properties: dict[str, str]


class Outcome(Value):
    """What became of one contact."""

    key: str
    state: Literal["created", "updated", "failed"]
    remote_id: str | None = None
    error_code: str | None = None
    error: str | None = None
    again: bool = False
    """Whether a failed one may work later, as it is."""


class Push(Value):
    """What was said of one lead, as far as it may be kept, and what became of it."""

    lead_id: UUID
    version: int
    """Of the lead's row in the outbox when it was read."""
    hash: str
    fields: tuple[str, ...]
    outcome: Outcome


class Pushes(Value):
    """What became of a batch."""

    pushes: tuple[Push, ...]
