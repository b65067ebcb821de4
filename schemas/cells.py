"""Cells of files that people open in spreadsheets: none of ours is a formula, and each can be read back.

A cell that a spreadsheet would run (it begins with = + - @, a tab or a carriage return) gets an
apostrophe before it, and so does one that already has apostrophes before such a beginning.
"""

import re

_RUNS = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def guarded(cell: str) -> str:
    """The cell as it is written; `unguarded` gives the cell back, whatever it was."""
    return f"'{cell}" if _RUNS.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was."""
    return cell[1:] if _GUARDED.match(cell) else cell
