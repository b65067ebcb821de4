"""Which column of a file says what about a person, and why we think so. Refuses a file that reaches nobody."""

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from schemas.column_words import MEANINGS, closed_up, plain
from schemas.errors import Permanent
from schemas.leads import MOST_ATTRIBUTES, LeadIn
from schemas.zones import is_zone

LEFT_OUT = "-"
"""What a column is mapped to that nobody wants."""
OURS = "outrider_"
"""Columns that we wrote into a list of wrong rows; they say nothing about a person."""
EXPORTED = f"{OURS}id"
"""The column by which a file is known to be one that we wrote."""

_BESIDE = "kept beside"
_SHOWN, _ENOUGH = 3, 0.8
_LOOKS: dict[str, tuple[re.Pattern[str], str]] = {
    "email": (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"), "addresses"),
    "linkedin_url": (re.compile(r"(https?://)?([a-z]+\.)?linkedin\.com/(in|sales|pub)/\S+", re.IGNORECASE), "LinkedIn profiles"),
}  # fmt: skip

_READS: dict[str, Callable[[str], object]] = {
    "locale": re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}").fullmatch,
    "timezone": is_zone,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a kind of file is read for: its fields, which of them it must have one of, and whether the rest is kept."""

    fields: tuple[str, ...]
    reach: tuple[str, ...]
    keeps_rest: bool = False


PEOPLE = Wanted(
    tuple(name for name in LeadIn.model_fields if name != "attributes"),
    ("email", "linkedin_url"),
    keeps_rest=True,
)
NAMELESS = Wanted(("email", "company_domain", "website"), ("email", "company_domain", "website"))
"""Of those who are never to be written to an address or a domain is all that is kept."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `field` is one of a `LeadIn`, `attributes.<name>`, or None for one that is left out."""

    name: str
    field: str | None = None
    why: str = ""
    samples: tuple[str, ...] = dataclasses.field(default=(), repr=False)


def match(
    header: Sequence[str],
    told: Mapping[str, str] | None,
    samples: Sequence[Sequence[str]] = (),
    wanted: Wanted = PEOPLE,
) -> list[Column]:
    """What each column means.

    `told` is what a person says (column to field, or `-` for none; None where nobody can say it,
    so that refusals do not advise it) and goes first; then a field's
    own name, then its usual names, then what its values look like; whatever is left becomes an
    attribute, when those are kept. Raises Permanent when that is not one column per field, or
    nobody could be reached.
    """
    asks, told = told is not None, told or {}
    _refuse_strangers(header, told, wanted)
    found = [Column(name, samples=_shown(samples, place)) for place, name in enumerate(header)]
    _follow(found, told)
    own = {closed_up(name): name for name in wanted.fields}
    usual = {word: name for word, name in MEANINGS.items() if name in wanted.fields}

    def said(place: int, names: Mapping[str, str]) -> str | None:
        name = names.get(closed_up(header[place]))
        return name if name and _reads(name, samples, place) else None

    if wanted.keeps_rest:
        _guess(found, lambda place: _attribute(header[place]), "its own name")
    _guess(found, lambda place: said(place, own), "its own name")
    _guess(found, lambda place: said(place, usual), "a usual name of it")
    for name in (name for name in _LOOKS if name in wanted.fields):
        _guess(found, lambda place, name=name: name if _looks(name, samples, place) else None,
               f"its values look like {_LOOKS[name][1]}")  # fmt: skip
    if not any(column.field in wanted.reach for column in found):
        name = wanted.reach[0]
        how = f"say which one: --map COLUMN={name}" if asks else f"name the one that does {name!r}"
        raise Permanent(f"{name}: no column says it; {how}. The columns are: {', '.join(header)}.")
    return _with_rest(found, wanted, asks=asks)


def is_person(cell: str) -> bool:
    """Whether a cell is an address or a profile, as no column's name is."""
    return any(pattern.fullmatch(cell.strip()) for pattern, _ in _LOOKS.values())


def doubts(columns: Sequence[Column], samples: Sequence[Sequence[str]]) -> list[str]:
    """Sentences about columns whose name says one thing and whose values another."""
    return [
        f"The column {column.name!r} is read as {column.field}, but none of its first values are {_LOOKS[column.field][1]}."
        for place, column in enumerate(columns)
        if column.field in _LOOKS
        and _values(samples, place)
        and not any(_LOOKS[column.field][0].fullmatch(value) for value in _values(samples, place))
    ]


def _follow(found: list[Column], told: Mapping[str, str]) -> None:
    said = {plain(column): name for column, name in told.items()}
    for place, column in enumerate(found):
        if name := said.get(plain(column.name)):
            meant = None if name == LEFT_OUT else name
            found[place] = replace(column, field=meant, why="you said so")


def _guess(found: list[Column], meaning: Callable[[int], str | None], why: str) -> None:
    for place, column in enumerate(found):
        taken = {one.field for one in found}
        name = None if column.why or column.name.startswith(OURS) else meaning(place)
        if name and name not in taken:
            found[place] = replace(column, field=name, why=why)


def _attribute(name: str) -> str | None:
    """A column that says itself that it is an attribute, as in a file that we wrote."""
    return name.strip() if name.strip().startswith("attributes.") else None


def _with_rest(found: list[Column], wanted: Wanted, *, asks: bool) -> list[Column]:
    rest = [column if column.why else _rest(column, keeps=wanted.keeps_rest) for column in found]
    extra = sum(1 for column in rest if column.why == _BESIDE)
    if extra > MOST_ATTRIBUTES:
        raise Permanent(
            f"header: {extra} columns are no field of ours, and {MOST_ATTRIBUTES} are kept; "
            f"{'leave some out: --map COLUMN=-' if asks else 'take some out of the file'}"
        )
    return rest


def _rest(column: Column, *, keeps: bool) -> Column:
    name = column.name.strip()
    if not name:
        return replace(column, why="it has no name")
    if plain(name).startswith(OURS):
        return replace(column, why="ours")
    if not keeps:
        return replace(column, why="not needed")
    return replace(column, field=f"attributes.{name}", why=_BESIDE)


def _refuse_strangers(header: Sequence[str], told: Mapping[str, str], wanted: Wanted) -> None:
    columns = [plain(column) for column in header if column.strip()]
    for column in header:
        if column.strip() and columns.count(plain(column)) > 1:
            raise Permanent(f"header: the column {column!r} comes twice; rename one of them.")
    for column, name in told.items():
        if plain(column) not in columns:
            raise Permanent(
                f"--map: the file has no column {column!r}; it has {', '.join(header)}."
            )
        if name not in {*wanted.fields, LEFT_OUT}:
            raise Permanent(
                f"--map: {name!r} is no field; there are {', '.join(wanted.fields)}, or - to leave it out."
            )
    fields = [name for name in told.values() if name != LEFT_OUT]
    for name in fields:
        if fields.count(name) > 1:
            raise Permanent(f"--map: {name} is said of two columns; choose one.")


def _looks(name: str, samples: Sequence[Sequence[str]], place: int) -> bool:
    values = _values(samples, place)
    alike = sum(1 for value in values if _LOOKS[name][0].fullmatch(value))
    return bool(values) and alike >= _ENOUGH * len(values)


def _reads(name: str, samples: Sequence[Sequence[str]], place: int) -> bool:
    """Whether values can be what the name says: `Language` may be de-DE, and it may be German."""
    reads = _READS.get(name)
    values = _values(samples, place)
    return reads is None or sum(1 for value in values if reads(value)) >= _ENOUGH * len(values)


def _values(samples: Sequence[Sequence[str]], place: int) -> list[str]:
    cells = (row[place].strip() for row in samples if place < len(row))
    return [cell for cell in cells if cell]


def _shown(samples: Sequence[Sequence[str]], place: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_values(samples, place)))[:_SHOWN]
