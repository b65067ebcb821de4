"""What a model may say of a reply: one of our labels, and one sentence. Nothing else fits in."""

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from schemas.base import Value
from schemas.enums import ReplyIntent

LONGEST_WHY = 300


def _one_line(text: str) -> str:
    """A model's words as a terminal may show them: one line, no control characters, not long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not line:
        raise ValueError("says nothing")
    return line if len(line) <= LONGEST_WHY else line[: LONGEST_WHY - 1] + "…"


class Suggestion(Value):
    """What a reply may be, for the person who decides; the whole of what a model can say about it."""

    intent: Annotated[
        ReplyIntent,
        WithJsonSchema({"type": "string", "enum": [label.value for label in ReplyIntent]}),
    ]
    why: Annotated[str, AfterValidator(_one_line)]
