"""`outrider bench throughput`: jobs per second beside bare Dramatiq and a bare loop, in one run."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from db import bench
from scripts.bench.enqueue import Enqueued, enqueue
from scripts.bench.meter import Cost, Measured
from scripts.bench.scene import Scene, scene
from scripts.bench.ways import WAYS, Size
from scripts.options import Json
from scripts.output import out, print_json

_ENQUEUE = "enqueue"
_RATIOS = {
    "outrider_to_dramatiq": ("outrider", "dramatiq"),
    "outrider_single_to_dramatiq": ("outrider_single", "dramatiq"),
    "outrider_batched_to_dramatiq": ("outrider_batched", "dramatiq"),
    "outrider_pure_to_dramatiq_noop": ("outrider_pure", "dramatiq_noop"),
    "outrider_to_loop": ("outrider", "loop"),
    "dramatiq_to_loop": ("dramatiq", "loop"),
}
_Rounds = dict[str, list[Measured]]


@dataclass(frozen=True, slots=True)
class Speed:
    """One way over all rounds: medians, and the slowest and fastest round."""

    per_second: float
    lowest: float
    highest: float
    cpu_ms_per_job: Cost


@dataclass(frozen=True, slots=True)
class Figures:
    """What `--json` prints."""

    machine: dict[str, object]
    rounds: int
    size: Size
    ways: dict[str, Speed]
    ratios: dict[str, float]
    enqueue: Enqueued | None


def _known(given: list[str]) -> list[str]:
    if strangers := sorted(set(given) - {*WAYS, _ENQUEUE}):
        raise typer.BadParameter(f"{strangers[0]!r} is none of {', '.join([*WAYS, _ENQUEUE])}")
    return given or [*WAYS, _ENQUEUE]


def throughput(
    only: Annotated[
        list[str], typer.Option("--only", help="Only this way; repeat it.", callback=_known)
    ] = [],  # noqa: B006  (typer copies it)
    units: Annotated[int, typer.Option("--jobs", min=100, help="Jobs per round.")] = 5000,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds; the median counts.")] = 5,
    processes: Annotated[int, typer.Option(min=1, max=32, help="Worker processes.")] = 2,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Threads of each.")] = 8,
    as_json: Json = False,
) -> None:
    """Do the same unit of work (read, update, insert, one transaction) in several ways."""
    size = Size(units, processes, threads)
    with scene() as place:
        measured = _measure(place, [name for name in WAYS if name in only], size, rounds)
        figures = Figures(
            place.facts(), rounds, size,
            {name: _summary(found) for name, found in measured.items()}, _ratios(measured),
            enqueue(place, rounds) if _ENQUEUE in only else None,
        )  # fmt: skip
    if as_json:
        print_json(asdict(figures))
    else:
        out.print(_sentence(figures), highlight=False)


def _measure(place: Scene, ways: Sequence[str], size: Size, rounds: int) -> _Rounds:
    """Interleaved, and each round begins with another way: what the machine does hits all alike."""
    measured: _Rounds = {name: [] for name in ways}
    for number in range(rounds):
        turn = number % max(len(ways), 1)
        for name in (*ways[turn:], *ways[:turn]):
            measured[name].append(_run(place, name, size))
    return measured


def _run(place: Scene, name: str, size: Size) -> Measured:
    way, more = WAYS[name]
    mine = Size(size.units * more, size.processes, size.threads)
    bench.prepare(place.owner_dsn, rows=mine.units)
    measured = way(place, mine)
    done = bench.count_done(place.owner)
    expected = 0 if name in {"outrider_pure", "dramatiq_noop"} else mine.units
    assert done == expected, f"{name}: {done} units were done instead of {expected}"
    return measured


def _summary(found: Sequence[Measured]) -> Speed:
    speeds = [each.per_second for each in found]
    cost = Cost(
        _median([each.cpu_ms.workers for each in found]),
        _median([each.cpu_ms.postgres for each in found]),
        _median([each.cpu_ms.redis for each in found]),
    )
    return Speed(
        round(statistics.median(speeds), 1), round(min(speeds), 1), round(max(speeds), 1), cost
    )


def _median(values: Sequence[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return round(statistics.median(told), 3) if told else None


def _ratios(measured: _Rounds) -> dict[str, float]:
    """The median of the ratios of each round."""
    return {
        name: round(statistics.median(
            mine.per_second / theirs.per_second
            for mine, theirs in zip(measured[ours], measured[bare], strict=True)), 3)
        for name, (ours, bare) in _RATIOS.items() if ours in measured and bare in measured
    }  # fmt: skip


def _sentence(figures: Figures) -> str:
    """What was measured, in words; the JSON has the rest."""
    said = {
        "loop": "a bare loop of the unit of work did {:,.0f}/s",
        "dramatiq": "bare Dramatiq + Redis, without durability, {:,.0f}",
        "outrider": "Outrider {:,.0f} durable jobs/s",
        "outrider_single": "with one job per ticket {:,.0f}",
        "outrider_batched": "in batches {:,.0f}",
        "outrider_pure": "without writes of their own {:,.0f}",
        "dramatiq_noop": "Dramatiq doing nothing {:,.0f}",
    }
    parts = [said[name].format(way.per_second) for name, way in figures.ways.items()]
    if figures.enqueue:
        rows = figures.enqueue.rows_per_second["outrider_bulk"]
        parts.append(f"one producer enqueued {rows:,} rows/s")
    told = {
        "with several jobs per ticket": figures.ratios.get("outrider_to_dramatiq"),
        "with one": figures.ratios.get("outrider_single_to_dramatiq"),
    }
    ratios = ", ".join(f"{ratio} {how}" for how, ratio in told.items() if ratio is not None)
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." + (
        f" Outrider to bare Dramatiq: {ratios}." if ratios else ""
    )
