"""Changes to a dead letter's payload, as an operator types them. Refuses what is no JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from schemas.errors import Permanent


@dataclass(frozen=True, slots=True)
class Edit:
    """One field of a payload, and its new value; `gone`: the field is taken out."""

    field: str
    value: object = None
    gone: bool = False


def assignment(text: str) -> Edit:
    """`payload.lead_id="…"`: any JSON value. Raises Permanent with the field and the fix."""
    name, equals, value = text.partition("=")
    field = _field(name, "--set")
    if not equals:
        raise Permanent(f"--set {name}: it has no value; write --set {name}=VALUE.")
    try:
        return Edit(field, cast(object, json.loads(value, parse_constant=_no_number)))
    except ValueError:
        raise Permanent(
            f"--set {name}: {value!r} is no JSON; put text into quotes: '{name}=\"{value}\"'."
        ) from None


def removal(text: str) -> Edit:
    """`payload.old_field`. Raises Permanent."""
    return Edit(_field(text, "--unset"), gone=True)


def apply(payload: Mapping[str, object], edits: Sequence[Edit]) -> dict[str, object]:
    """The payload after all edits, in their order."""
    edited = dict(payload)
    for edit in edits:
        if edit.gone:
            edited.pop(edit.field, None)
        else:
            edited[edit.field] = edit.value
    return edited


def _field(name: str, option: str) -> str:
    before, _, field = name.strip().partition(".")
    if before != "payload" or not field.isidentifier():
        raise Permanent(f"{option}: {name!r} names no field; write payload.FIELD.")
    return field


def _no_number(word: str) -> None:
    raise ValueError(word)
