"""A campaign as a person writes it down: a TOML file with steps, window, limits and mailboxes.

Refuses what could not be sent, and names the field and the line.
"""

import re
import tomllib
from collections.abc import Callable
from datetime import time
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from schemas import templates
from schemas.base import Value
from schemas.errors import Permanent
from schemas.slots import Window
from schemas.templates import BadTemplate

FACTS = frozenset({
    "first_name", "last_name", "full_name", "email", "title", "company_name", "company_domain",
    "website", "country", "sender_name", "sender_email",
})  # fmt: skip
"""What a template may name."""

Weekday = Annotated[int, Field(ge=1, le=7)]


class BadSequence(Permanent):
    """The file cannot be used; nothing was written."""


class StepIn(Value):
    """One mail. No subject: it goes on in the thread of the one before."""

    delay_days: int = Field(0, ge=0, le=365)
    subject: str | None = Field(None, min_length=1)
    body: str = Field(min_length=1)


class WindowIn(Value):
    """When to write, by the recipient's clock; days are 1 (Monday) to 7 (Sunday)."""

    days: frozenset[Weekday] = Field(default=frozenset({1, 2, 3, 4, 5}), min_length=1)
    start: time = Field(default=time(9), alias="from")
    end: time = Field(default=time(17), alias="to")
    skip_holidays: bool = True

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.start >= self.end:
            raise ValueError("from must be earlier than to")
        return self

    def window(self) -> Window:
        """As the calendar understands it."""
        return Window(
            days=self.days, start=self.start, end=self.end, skip_holidays=self.skip_holidays
        )


class CampaignIn(Value):
    """The whole file."""

    steps: tuple[StepIn, ...] = Field(min_length=1, max_length=20)
    window: WindowIn = WindowIn()
    min_score: int = Field(0, ge=0, le=100)
    daily_new_leads: int | None = Field(None, ge=1)
    mailboxes: tuple[str, ...] = ()


def read(text: str) -> CampaignIn:
    """The campaign in a TOML text. Raises BadSequence naming field and line."""
    try:
        campaign = CampaignIn.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadSequence(f"The file is no TOML: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise _problem(text, first["loc"], first["msg"]) from None
    _check(text, campaign)
    return campaign


def _check(text: str, campaign: CampaignIn) -> None:
    if campaign.steps[0].subject is None:
        raise _problem(text, ("steps", 0, "subject"), "the first mail needs a subject")
    for number, step in enumerate(campaign.steps):
        if step.subject is not None:
            _check_one(text, ("steps", number, "subject"), step.subject, templates.check_subject)
        _check_one(text, ("steps", number, "body"), step.body, templates.check)


def _check_one(
    text: str, where: tuple[int | str, ...], template: str, check: Callable[[str], object]
) -> None:
    try:
        check(template)
        strangers = sorted(templates.names(template) - FACTS)
    except BadTemplate as error:
        raise _problem(text, where, str(error)) from None
    if strangers:
        known = ", ".join(sorted(FACTS))
        raise _problem(text, where, f"{strangers[0]!r} is no fact that we know; there are {known}")


def _problem(text: str, where: tuple[int | str, ...], what: str) -> BadSequence:
    field = ".".join(str(part + 1) if isinstance(part, int) else part for part in where)
    line = _line_of(text.splitlines(), where)
    said = what.removeprefix("Value error, ").rstrip(".")
    return BadSequence(f"{field}{f', line {line}' if line else ''}: {said}.")


def _line_of(lines: list[str], where: tuple[int | str, ...]) -> int | None:
    """The line of a field: the key's own, or else that of the table it belongs to."""
    table, number = str(where[0]), where[1] if len(where) > 1 else 0
    heads = [n for n, line in enumerate(lines, start=1) if _is_head(line, table)]
    head = heads[min(number, len(heads) - 1) if isinstance(number, int) else 0] if heads else 0
    key = next((part for part in where[bool(heads) :] if isinstance(part, str)), None)
    for n, line in enumerate(lines[head:], start=head + 1):
        if line.lstrip().startswith("["):
            break
        if key and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
            return n
    return head or None


def _is_head(line: str, table: str) -> bool:
    return re.match(rf"\s*\[+\s*{re.escape(table)}\s*\]", line) is not None
