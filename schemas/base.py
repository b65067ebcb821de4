"""What every message has in common: frozen, JSON-able, and closed to unknown fields."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value; unknown fields are refused, so a typo is an error and not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> dict[str, object]:
        """The value as JSON-able primitives; `model_validate` of the result gives it back."""
        return self.model_dump(mode="json")


class Message(Value):
    """A value that crosses a process boundary under a name."""

    name: ClassVar[str]
    version: ClassVar[int] = 1


class Event(Message):
    """A fact that commits with the transaction that emits it."""


class Job(Message):
    """A request for one unit of work; carries ids, never copies of rows."""

    attempts: ClassVar[int] = 8
    """Claims after which the job gives up and becomes a dead letter."""

    emits: ClassVar[tuple[type[Event], ...]] = ()
    """The facts that doing this work may establish; anything else is refused."""

    priority: ClassVar[int] = 4
    """0 (first) to 9: the order within a lane, before age."""

    def lane(self) -> str:
        """The resource whose turn, limits and circuit the job shares: a mailbox, a connection.

        Empty: the tenant's own lane of this actor.
        """
        return ""
