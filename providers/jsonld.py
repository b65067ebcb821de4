"""The organisation in a page's JSON-LD (schema.org). Refuses nothing: what it cannot read is absent."""

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

KINDS = frozenset(
    {"Organization", "Corporation", "LocalBusiness", "ProfessionalService", "OnlineBusiness"}
)
_UNSTORABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\ud800-\udfff\\s]+")


@dataclass(frozen=True, slots=True)
class Organization:
    name: str | None = None
    employees: int | None = None
    country: str | None = None
    phone: str | None = None
    profiles: tuple[str, ...] = ()


def organization(scripts: list[str]) -> Organization:
    """The first organisation that any of the scripts describes; an empty one when none does."""
    for script in scripts:
        try:
            root: Json = json.loads(script)
        except (ValueError, RecursionError):
            continue
        for node in _nodes(root):
            return Organization(
                name=line(node.get("name"), 200),
                employees=_employees(node.get("numberOfEmployees")),
                country=_country(node.get("address")),
                phone=line(node.get("telephone"), 64),
                profiles=tuple(_texts(node.get("sameAs"))),
            )
    return Organization()


def line(value: object, longest: int) -> str | None:
    """One line that Postgres can hold, cut to size; None when nothing is left of it."""
    if not isinstance(value, str):
        return None
    return _UNSTORABLE.sub(" ", value).strip()[:longest].strip() or None


def _nodes(root: Json) -> Iterator[dict[str, Json]]:
    todo = deque([root])
    while todo:
        node = todo.popleft()
        if isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, dict):
            if not KINDS.isdisjoint(_texts(node.get("@type"))):
                yield node
            todo.append(node.get("@graph"))


def _texts(value: Json) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def _employees(value: Json) -> int | None:
    """A head count: a number, `"51-200"` (its lower end) or a schema.org QuantitativeValue."""
    if isinstance(value, dict):
        value = value.get("value") or value.get("minValue")
    if isinstance(value, str):
        digits = re.match(r"\s*([0-9][0-9.,']{0,9})", value)
        value = int(re.sub("[^0-9]", "", digits.group(1))) if digits else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 < value <= 10_000_000 else None


def _country(address: Json) -> str | None:
    """The country of the first postal address that names one; two letters in upper case."""
    for item in address if isinstance(address, list) else [address]:
        if isinstance(item, dict):
            country = item.get("addressCountry")
            text = line(country.get("name") if isinstance(country, dict) else country, 64)
            return text.upper() if text and len(text) == 2 else text
    return None
