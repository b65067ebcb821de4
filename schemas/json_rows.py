"""Lines of JSON, one object each. Refuses what two readers would understand differently."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Never, TextIO, cast

from schemas.csv_rows import LONGEST


@dataclass(frozen=True, slots=True)
class Line:
    """One object by its names; `problem` says why there is none. `line` counts from 1."""

    line: int
    raw: str
    members: dict[str, object]
    problem: str | None = None


def lines(text: TextIO) -> Iterator[Line]:
    """Every line that is not blank."""
    number = 0
    while raw := text.readline(LONGEST):
        number += 1
        cut = len(raw) >= LONGEST
        rest = raw
        while rest and not rest.endswith(("\n", "\r")):
            rest = text.readline(LONGEST)
        raw = raw.rstrip("\r\n")
        if cut:
            yield Line(
                number,
                raw,
                {},
                f"a row has more than {LONGEST:,} characters, and the rest is not kept",
            )
        elif raw.strip():
            yield _line(number, raw)


def _line(number: int, raw: str) -> Line:
    try:
        found = cast("object", json.loads(raw, object_pairs_hook=_object, parse_constant=_constant))
    except json.JSONDecodeError as error:
        return Line(number, raw, {}, f"is not JSON: {error.msg}, column {error.colno}")
    except RecursionError:
        return Line(number, raw, {}, "is nested too deeply")
    except ValueError as error:  # of our own hooks, or a number of thousands of digits
        return Line(number, raw, {}, f"is not taken: {error}")
    if not isinstance(found, dict):
        return Line(number, raw, {}, "must be a JSON object, one per line")
    return Line(number, raw, cast("dict[str, object]", found))


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {twice[:100]!r} comes twice")
    return found


def _constant(word: str) -> Never:
    raise ValueError(f"{word} is not a JSON number")
