"""The life of a job as an SVG and as a table, drawn from `schemas/job_states.py`.

Only the places are decided here. Refuses a way that has no place yet: a KeyError that names it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from schemas.enums import JobOutcome, JobState
from schemas.job_states import ENDS, MOVES, Move, Stage

_WIDTH, _HEIGHT = 1360, 560
_HALF_W, _HALF_H = 66, 23
_STYLE = """
  svg { --ground:#ffffff; --ink:#14213d; --soft:#5b6780; --box:#e8eefc; --edge:#1d4ed8; --end:#e7f5ec; --rim:#15803d;
        font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif }
  @media (prefers-color-scheme: dark) { svg { --ground:#0d1321; --ink:#eef2fb; --soft:#9aa7c2; --box:#1a2745;
        --edge:#93c5fd; --end:#12291c; --rim:#22c55e } }
  text { fill:var(--ink); font-size:13px; text-anchor:middle } .state { font-size:16px; font-weight:600 }
  .title { font-size:22px; font-weight:650; text-anchor:start } .soft { fill:var(--soft); text-anchor:start }
  path { fill:none; stroke:var(--soft); stroke-width:1.6 }
"""
_TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M 0 0 L 8 4 L 0 8 z" style="fill:var(--soft);stroke:none"/></marker></defs>'
)
_PLACES: dict[Stage, tuple[int, int]] = {
    JobState.DELAYED: (150, 270),
    JobState.READY: (430, 270),
    JobState.DISPATCHED: (710, 270),
    JobState.RUNNING: (990, 270),
    JobState.PARKED: (990, 420),
    JobOutcome.DONE: (1270, 200),
    JobOutcome.DEAD: (1270, 290),
    JobOutcome.CANCELLED: (570, 500),
}


@dataclass(frozen=True, slots=True)
class _Route:
    """Where an arrow runs, and where the first of its words stands."""

    path: str
    x: int
    y: int


_ROUTES: dict[tuple[JobState | None, Stage], _Route] = {
    (None, JobState.DELAYED): _Route("M 28 270 H 78", 46, 256),
    (None, JobState.READY): _Route("M 340 396 L 402 300", 298, 400),
    (JobState.DELAYED, JobState.READY): _Route("M 216 266 H 358", 286, 242),
    (JobState.READY, JobState.DELAYED): _Route("M 378 294 C 350 332 232 332 206 300", 290, 338),
    (JobState.READY, JobState.DISPATCHED): _Route("M 496 262 H 638", 566, 254),
    (JobState.DISPATCHED, JobState.READY): _Route("M 690 294 C 670 372 490 372 460 299", 575, 304),
    (JobState.DISPATCHED, JobState.RUNNING): _Route("M 776 262 H 918", 846, 254),
    (JobState.RUNNING, JobState.DELAYED): _Route("M 1000 246 C 930 70 230 70 154 240", 580, 78),
    (JobState.RUNNING, JobState.READY): _Route("M 968 246 C 900 170 520 170 444 241", 705, 180),
    (JobState.RUNNING, JobState.PARKED): _Route("M 990 294 V 390", 1024, 346),
    (JobState.RUNNING, JobOutcome.DONE): _Route("M 1057 262 L 1198 206", 1104, 222),
    (JobState.RUNNING, JobOutcome.DEAD): _Route("M 1057 276 L 1198 288", 1124, 304),
    (JobState.PARKED, JobState.READY): _Route("M 923 412 C 760 400 560 420 442 300", 850, 396),
    (JobState.DELAYED, JobOutcome.CANCELLED): _Route("M 150 294 C 150 440 320 500 498 500", 0, 0),
    (JobState.READY, JobOutcome.CANCELLED): _Route("M 426 294 C 426 400 500 420 532 470", 0, 0),
    (JobState.DISPATCHED, JobOutcome.CANCELLED): _Route("M 716 294 C 716 400 640 420 606 470", 0, 0),
    (JobState.RUNNING, JobOutcome.CANCELLED): _Route("M 956 294 C 930 400 780 476 642 490", 0, 0),
    (JobState.PARKED, JobOutcome.CANCELLED): _Route("M 990 444 C 960 506 780 508 642 506", 0, 0),
}  # fmt: skip


def draw() -> str:
    """The whole life as one SVG document."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="The life of a job">',
        f"<title>The life of a job</title><style>{_STYLE}</style>",
        _TIP,
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="14" fill="var(--ground)"/>',
        '<text class="title" x="32" y="46">The life of a job</text>',
        '<text class="soft" x="32" y="68">Blue: a row in jobs. Green: the row is gone, and a line in job_log says how.</text>',
        *_arrows(),
        *_boxes(),
        "</svg>",
        "",
    ]
    return "\n".join(parts)


def _arrows() -> Iterator[str]:
    causes: dict[tuple[JobState | None, Stage], list[str]] = {}
    for move in MOVES:
        causes.setdefault((move.before, move.after), []).append(move.cause)
    for way, words in causes.items():
        route = _ROUTES[way]
        yield f'<path d="{route.path}" marker-end="url(#tip)"/>'
        if way[0] is None:
            x, y = route.path.split()[1:3]
            yield f'<circle cx="{x}" cy="{y}" r="5" fill="var(--soft)"/>'
        for line, word in enumerate(words):
            if word != way[1].value:  # an end need not be named twice
                yield f'<text x="{route.x}" y="{route.y + 16 * line}">{escape(word)}</text>'


def _boxes() -> Iterator[str]:
    for stage, (x, y) in _PLACES.items():
        fill, rim = ("--end", "--rim") if stage in ENDS else ("--box", "--edge")
        yield (
            f'<rect x="{x - _HALF_W}" y="{y - _HALF_H}" width="{2 * _HALF_W}" height="{2 * _HALF_H}" rx="10"'
            f' fill="var({fill})" stroke="var({rim})" stroke-width="1.6"/>'
        )
        yield f'<text class="state" x="{x}" y="{y + 5}">{stage.value}</text>'


def table() -> str:
    """Every way with its cause, who goes it, and what is written, as Markdown."""
    lines = [
        "| from | to | because | by | written in the same transaction |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_line, MOVES)])


def _line(move: Move) -> str:
    before = move.before.value if move.before else "(new)"
    return f"| {before} | {move.after.value} | {move.cause} | {move.by} | {move.writes} |"
