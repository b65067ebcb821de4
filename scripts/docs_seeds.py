"""The page that says which subsystems of the five systems work, drawn from `docs/reference/seed-map.toml`."""

import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from schemas.base import Value

_FILE = Path(__file__).parent.parent / "docs" / "reference" / "seed-map.toml"
_STATUSES = ("works", "planned", "not applicable")
_PRIORITIES = (1, 2, 3)
_HEAD = """# Seed map

Outrider takes the place of five systems. Each of their subsystems has one sentence that says what it must do to count as
working. **works**: the test named here has that sentence as its docstring, checks all of it, and is shown to fail when
its guard is disabled (`python -m tests.mutations --systems`). **planned**: not yet, or in part only. **not applicable**:
not what Outrider is for, and why. Drawn from [`seed-map.toml`](seed-map.toml) by `make docs`.
"""


class Row(Value):
    """One subsystem: its sentence, and whether it is true."""

    number: int
    seed: str
    subsystem: str
    priority: Literal[1, 2, 3]
    sentence: str
    status: Literal["works", "planned", "not applicable"]
    tests: tuple[str, ...] = Field(default=())
    note: str = ""


class _Map(Value):
    row: tuple[Row, ...]


def rows() -> tuple[Row, ...]:
    """Every row of the data file, in its order. Raises ValidationError for a row that is malformed."""
    return _Map.model_validate(tomllib.loads(_FILE.read_text(encoding="utf-8"))).row


def page() -> str:
    """`docs/reference/seed-map.md`: counts by status and priority, then every row."""
    known = rows()
    return "\n".join([_HEAD, *_summary(known), "", *_table(known), ""])


def _summary(known: Sequence[Row]) -> list[str]:
    counted = Counter((row.status, row.priority) for row in known)
    lines = ["| status | priority 1 | priority 2 | priority 3 | all |", "|---|--:|--:|--:|--:|"]
    for status in _STATUSES:
        numbers = [counted[status, priority] for priority in _PRIORITIES]
        lines.append(f"| {status} | {' | '.join(map(str, numbers))} | {sum(numbers)} |")
    return lines


def _table(known: Sequence[Row]) -> list[str]:
    lines = [
        "| # | seed | subsystem | what works means | priority | status |",
        "|--:|---|---|---|--:|---|",
    ]
    for row in known:
        cells = (str(row.number), row.seed, row.subsystem, row.sentence, str(row.priority), _status(row))  # fmt: skip
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return lines


def _status(row: Row) -> str:
    if row.status == "works":
        return f"**works** ({', '.join(map(_link, row.tests))})"
    return f"{row.status} ({row.note.rstrip('.')})" if row.note else row.status


def _link(test: str) -> str:
    path, _, name = test.partition("::")
    return f"[`{name}`](../../{path})"
