"""The page on the lives of a lead, an enrollment, a step and a mail, drawn from `schemas/*_states.py`."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Protocol

from schemas.enrollment_states import ENROLLMENT, MESSAGE, STEP
from schemas.lead_states import MOVES, TERMINAL, may_return

_HEAD = """# Lives

What may become of a lead, of an enrollment, of one of its steps, and of that step's mail. Whatever is not
drawn here is refused twice: by the actors, and by the database, whoever asks. The page is made of the
tables that run: `schemas/lead_states.py` and `schemas/enrollment_states.py`; the life of a job is in
[delivery](delivery.md).
"""
_LEAD = """
From every status a lead may also become `unsubscribed`, `bounced` or `lost`; that is not drawn. Each move
writes one line of history in the same transaction, or does not happen. A move that is none leaves the lead
where it is; a jump is a warning (`lead.move_refused`), a line in the lead's story, and a row of
`outrider leads refused`. That a lead is there already, or beyond, is no news.
"""
_BACK = """
`unsubscribed` and `bounced` are left only by a person (`outrider suppress release`, `outrider leads move`),
and only once nothing suppresses the lead any more, to: """
_FENCE = """
Each move adds one to the epoch that a send is claimed under, and is a line in the lead's story.
"""


class _Move(Protocol):
    @property
    def before(self) -> StrEnum: ...
    @property
    def after(self) -> StrEnum: ...
    @property
    def by(self) -> str: ...
    @property
    def because(self) -> str: ...


def page() -> str:
    """The whole page as Markdown, each life drawn and listed."""
    own = [move for move in MOVES if move.after not in {*TERMINAL, "lost"}]
    back = ", ".join(f"`{to}`" for to in type(own[0].before) if may_return(min(TERMINAL), to))
    return "\n".join([
        _HEAD,
        "## A lead", _LEAD, *_life(own), f"{_BACK}{back}.", "",
        "## An enrollment", _FENCE, *_life(ENROLLMENT), "",
        "## A step", "", *_life(STEP), "",
        "## A mail of ours", "", *_life(MESSAGE), "",
    ])  # fmt: skip


def _life(moves: Sequence[_Move]) -> Iterator[str]:
    yield "```mermaid\nstateDiagram-v2"
    yield f"  [*] --> {moves[0].before}"
    for move in moves:
        yield f"  {move.before} --> {move.after}"
    yield "```\n"
    yield "| from | to | by | when |\n|---|---|---|---|"
    for move in moves:
        yield f"| {move.before} | {move.after} | {move.by} | {move.because} |"
