"""What a command prints: tables for people, one JSON document for machines."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, ClassVar, Protocol, cast

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_WIDE = None if sys.stdout.isatty() else 250
"""Off a terminal nothing is cut to a width that nobody has."""

out = Console(width=_WIDE)
err = Console(stderr=True)


class Row(Protocol):
    """Any dataclass instance."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


def show(rows: Sequence[Row], *, as_json: bool, columns: Iterable[str] = (), empty: str) -> None:
    """Print rows as a table of `columns` (all, when none are named), or all of them as JSON."""
    if as_json:
        print_json([_record(row) for row in rows])
        return
    if not rows:
        out.print(empty)
        return
    names = list(columns) or [f.name for f in fields(rows[0])]
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(getattr(row, name)) for name in names))
    out.print(table)


def show_one(row: Row, *, as_json: bool) -> None:
    """Print one row, a field per line, or as a JSON object."""
    if as_json:
        print_json(_record(row))
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _record(row).items():
        table.add_row(name.replace("_", " "), _cell(value))
    out.print(table)


def records(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Rows as JSON objects, for a document with more than one kind of them."""
    return [_record(row) for row in rows]


def print_json(value: object) -> None:
    """One JSON document on standard output, dates and ids as text."""
    print(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _record(row: Row) -> dict[str, object]:
    return {field.name: getattr(row, field.name) for field in fields(row)}


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return ", ".join(_cell(item) for item in cast("list[object]", value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return escape(str(value))  # a stranger's [bold] is text
