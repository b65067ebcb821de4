"""What a language model answered, and what that took; no vendor's name or shape."""

from typing import Literal

from pydantic import Field

from schemas.base import Value

MOST_TOKENS = 100_000_000
"""More than any model reads or writes at once: a server that says so is not believed."""


class Tokens(Value):
    """What was counted for one answer; `cached` is the part of `input` that the server knew already."""

    input: int = Field(ge=0, le=MOST_TOKENS)
    cached: int = Field(default=0, ge=0, le=MOST_TOKENS)
    output: int = Field(ge=0, le=MOST_TOKENS)


class Completion(Value):
    """One answer. `ended`: it is whole, was cut off at the limit, or the model would not say.

    `tokens` None: the server does not count, or not believably. `served_by` is the exact model.
    """

    text: str
    ended: Literal["whole", "cut_off", "refused"]
    tokens: Tokens | None = None
    served_by: str | None = None
    request_id: str | None = None
