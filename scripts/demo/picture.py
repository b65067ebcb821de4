"""The play as one picture: an SVG time line, a pure function of its facts, without a library.

Readable on light and on dark ground, and without colour: every row has its words. Refuses to
compute anything: what it shows was counted elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from html import escape
from math import ceil

_WIDTH, _LEFT, _RIGHT = 1200, 132, 32
_HEADER = 150
_GAP = 34
_TALL, _LOW, _LANE = 190, 120, 84
_FAULT = 19
_LETTER = 6.2
_STYLE = """
  svg { --ground:#ffffff; --ink:#14213d; --soft:#5b6780; --line:#dfe4ee; --rest:#f3f5fa; --fault:#c1121f;
        --a:#1d4ed8; --b:#60a5fa; --c:#bfdbfe; --good:#15803d; --ask:#4ade80; --no:#f59e0b; --stop:#dc2626;
        --away:#8b5cf6; --dead:#64748b;
        font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif }
  @media (prefers-color-scheme: dark) { svg { --ground:#0d1321; --ink:#eef2fb; --soft:#9aa7c2; --line:#26314a;
        --rest:#131c30; --fault:#ff6b6b; --a:#93c5fd; --b:#3b82f6; --c:#1e40af; --good:#22c55e; --ask:#86efac;
        --no:#fbbf24; --stop:#f87171; --away:#a78bfa; --dead:#94a3b8 } }
  text { fill:var(--ink); font-size:13px } .soft { fill:var(--soft) } .small { font-size:11.5px }
  .title { font-size:24px; font-weight:650 } .big { font-size:26px; font-weight:650 }
  .row { font-weight:600 } .line { stroke:var(--line); stroke-width:1 }
  .fault { stroke:var(--fault); stroke-width:1.5; stroke-dasharray:4 4 } .word { fill:var(--fault); font-weight:600 }
"""


@dataclass(frozen=True, slots=True)
class Layer:
    """One colour of a row: its name, its colour, and how many on each day."""

    name: str
    colour: str
    days: Mapping[date, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One chart over the days; its layers are stacked."""

    name: str
    layers: Sequence[Layer]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything the picture shows."""

    title: str
    subtitle: str
    first: date
    last: date
    figures: Sequence[tuple[str, str]]
    rows: Sequence[Row]
    faults: Sequence[tuple[date, str]] = field(default_factory=list[tuple[date, str]])
    footer: str = ""


@dataclass(frozen=True, slots=True)
class _Scale:
    first: date
    days: int

    @property
    def step(self) -> float:
        return (_WIDTH - _LEFT - _RIGHT) / self.days

    def x(self, day: date) -> float:
        return _LEFT + (day - self.first).days * self.step


def draw(told: Timeline) -> str:
    """The time line as a whole SVG document."""
    scale = _Scale(told.first, (told.last - told.first).days + 1)
    heights = [_TALL, _LOW, *[_LANE] * (len(told.rows) - 2)]
    tops, top = list[int](), _HEADER + _GAP + _FAULT * len(told.faults)
    for height in heights[: len(told.rows)]:
        tops.append(top)
        top += height + _GAP + 16
    bottom = top - _GAP
    parts = [*_head(told, bottom + 76), *_weekends(told, scale, bottom)]
    for row, row_top, height in zip(told.rows, tops, heights, strict=False):
        parts += _row(row, scale, row_top, height)
    parts += [*_axis(told, scale, bottom), *_faults(told, scale, bottom)]
    if told.footer:
        parts.append(_text(_LEFT, bottom + 58, told.footer, "soft small"))
    return "\n".join([*parts, "</svg>", ""])


def _head(told: Timeline, height: int) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-label="{escape(told.title)}">'
    )
    yield f"<title>{escape(told.title)}</title><style>{_STYLE}</style>"
    yield f'<rect width="{_WIDTH}" height="{height}" rx="14" fill="var(--ground)"/>'
    yield _text(32, 46, told.title, "title")
    yield _text(32, 70, told.subtitle, "soft")
    room = (_WIDTH - 64) / max(1, len(told.figures))
    for place, (name, value) in enumerate(told.figures):
        yield _text(32 + place * room, 116, value, "big")
        yield _text(32 + place * room, 136, name, "soft small")


def _weekends(told: Timeline, scale: _Scale, bottom: int) -> Iterator[str]:
    for day in _days(told):
        if day.isoweekday() > 5:
            yield (
                f'<rect x="{scale.x(day):.1f}" y="{_HEADER + 12}" width="{scale.step:.1f}"'
                f' height="{bottom - _HEADER - 12}" fill="var(--rest)"/>'
            )


def _row(row: Row, scale: _Scale, top: int, height: int) -> Iterator[str]:
    total: dict[date, int] = {}
    for layer in row.layers:
        for day, count in layer.days.items():
            total[day] = total.get(day, 0) + count
    most = _round_up(max(total.values(), default=1))
    for share in (0.0, 0.5, 1.0):
        y = top + height * (1 - share)
        yield f'<line class="line" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _text(_LEFT - 10, y + 4, f"{most * share:,.0f}", "soft small", anchor="end")
    yield _text(32, top - 10, row.name, "row")
    yield from _legend(row, top - 10)
    stacked: dict[date, int] = {}
    for layer in row.layers:
        for day, count in sorted(layer.days.items()):
            if not count:
                continue
            base = stacked.get(day, 0)
            stacked[day] = base + count
            tall = height * count / most
            yield (
                f'<rect x="{scale.x(day) + scale.step * 0.14:.1f}" y="{top + height * (1 - base / most) - tall:.1f}"'
                f' width="{scale.step * 0.72:.1f}" height="{max(tall, 0.8):.1f}" fill="var(--{layer.colour})">'
                f"<title>{day}: {count} {escape(layer.name)}</title></rect>"
            )


def _legend(row: Row, y: float) -> Iterator[str]:
    words = [f"{layer.name} {sum(layer.days.values()):,}" for layer in row.layers]
    widths = [len(word) * _LETTER + 34 for word in words]
    x = _WIDTH - _RIGHT - sum(widths) + 12
    for layer, word, width in zip(row.layers, words, widths, strict=True):
        yield f'<rect x="{x:.1f}" y="{y - 9:.1f}" width="10" height="10" rx="2" fill="var(--{layer.colour})"/>'
        yield _text(x + 15, y, word, "soft small")
        x += width


def _axis(told: Timeline, scale: _Scale, bottom: int) -> Iterator[str]:
    every = max(1, ceil(48 / scale.step))
    for place, day in enumerate(_days(told)):
        middle = scale.x(day) + scale.step / 2
        if place % every == 0:
            yield _text(middle, bottom + 14, f"{day:%a}", "soft small", anchor="middle")
            yield _text(middle, bottom + 30, f"{day.day} {day:%b}", "small", anchor="middle")


def _faults(told: Timeline, scale: _Scale, bottom: int) -> Iterator[str]:
    for place, (day, words) in enumerate(told.faults):
        x, y = scale.x(day) + scale.step / 2, _HEADER + 26 + _FAULT * place
        yield f'<line class="fault" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 12}" y2="{bottom}"/>'
        left = x > _WIDTH * 0.6
        yield _text(
            x - 8 if left else x + 8, y, words, "word small", anchor="end" if left else "start"
        )


def _text(x: float, y: float, words: str, kind: str, *, anchor: str = "start") -> str:
    place = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}"{place}>{escape(words)}</text>'


def _days(told: Timeline) -> Iterator[date]:
    for number in range((told.last - told.first).days + 1):
        yield told.first + timedelta(days=number)


def _round_up(most: int) -> int:
    """The next number that reads well and has a half: 2, 4, 10, 20, 40, 100, …"""
    scale = 1
    while True:
        for step in (2, 4, 6, 8, 10):
            if most <= step * scale:
                return step * scale
        scale *= 10
