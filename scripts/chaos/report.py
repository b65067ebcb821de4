"""What a chaos run tells at its end: faults, figures, invariants; as tables or as JSON."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from rich.table import Table

from scripts.chaos import checks, checks_lanes
from scripts.chaos.books import Books, Offences
from scripts.chaos.schedule import Fault
from scripts.output import out, print_json

_EXAMPLES = 3

INVARIANTS: dict[str, Callable[[Books], Offences]] = {
    "I1": checks.nothing_is_lost,
    "I2": checks.effects_happen_once,
    "I3": checks.completions_are_single,
    "I4": checks.attempts_are_bounded,
    "I5": checks_lanes.recovery_is_bounded,
    "I6": checks_lanes.schedules_fire_once,
    "I7": checks_lanes.caps_hold,
    "I8": checks_lanes.rates_hold,
    "I9": checks_lanes.small_tenants_wait_little,
    "I10": checks.chains_keep_their_order,
    "I11": checks_lanes.keys_are_single,
    "I12": checks.replays_add_nothing,
    "I13": checks_lanes.tickets_do_not_linger,
    "I14": checks_lanes.the_table_stays_small,
    "I15": checks.flushes_change_nothing,
    "I16": checks_lanes.pauses_and_withdrawals_hold,
    "doubts": checks_lanes.doubts_are_few,
    "drained": checks_lanes.nothing_is_stuck,
    "doctor": checks_lanes.the_doctor_finds_nothing,
    "crashes": checks_lanes.nobody_broke_unforeseen,
}
"""Every invariant by its name."""

_IN_PEACE = frozenset({"I9"})
"""Asked only where no fault struck: an outage makes everybody wait."""

Figures = dict[str, float | int | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One invariant: what it says, how often it was offended, and examples."""

    name: str
    says: str
    offences: int
    examples: tuple[str, ...]
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """A run, judged."""

    seed: int
    schedule: list[Fault]
    struck: dict[str, int]
    figures: Figures
    verdicts: list[Verdict]
    folder: str | None

    @property
    def violations(self) -> list[tuple[str, str]]:
        """Name and sentence of each invariant that was offended, with an example."""
        return [
            (one.name, f"{one.says} {one.offences} offences: {'; '.join(one.examples)}")
            for one in self.verdicts
            if one.offences
        ]


def judge(books: Books) -> list[Verdict]:
    """Ask every invariant."""
    return [_ask(name, check, books) for name, check in INVARIANTS.items()]


def _ask(name: str, check: Callable[[Books], Offences], books: Books) -> Verdict:
    says = (check.__doc__ or "").splitlines()[0]
    if books.facts.faults and name in _IN_PEACE:
        return Verdict(name, says, 0, (), asked=False)
    offences = check(books)
    examples = tuple(islice(offences, _EXAMPLES))
    return Verdict(name, says, len(examples) + sum(1 for _ in offences), examples)


def figures(books: Books, *, seconds: float) -> Figures:
    """The numbers of a run by their names."""
    again = sorted(d.again for d in books.facts.deaths if d.again is not None and d.held)
    freed = sorted(d.freed for d in books.facts.deaths if d.freed is not None and d.held)
    ended = sum(map(len, books.ends.values()))
    return {
        "jobs": len(books.made) + len(books.children),
        "jobs_ended": ended,
        "seconds": round(seconds, 1),
        "jobs_per_second": round(ended / seconds, 1),
        "done": sum(line.outcome == "done" for line in books.lines),
        "dead": sum(line.outcome == "dead" for line in books.lines),
        "cancelled": sum(line.outcome == "cancelled" for line in books.lines),
        "kills": books.facts.kills,
        "taken_back_p50_seconds": _p50(freed),
        "taken_back_p100_seconds": round(freed[-1], 2) if freed else None,
        "running_again_p50_seconds": _p50(again),
        "running_again_p100_seconds": round(again[-1], 2) if again else None,
        "calls_accepted": len(books.calls),
        "repeatable_calls_repeated": sum(
            n - 1 for key, n in books.calls_of.items() if key.startswith("again:")
        ),
        "doubts": books.facts.doubts,
        "replayed": sum(books.facts.replayed),
        "jobs_fenced": books.events["job.fenced"],
        "tickets_refused": books.events["ticket.refused"],
        "tickets_rung_again": books.events["swept.rung_again"],
        "jobs_recovered": books.events["swept.recovered"],
        "sessions_lost": books.events["session.lost"],
        "worn_out": len(books.worn_out),
        "schedule_fires": len(books.fires),
        "samples": books.seen.samples,
        "most_jobs_waiting": books.seen.jobs,
        "table_bytes": books.facts.bytes,
    }


def _p50(values: list[float]) -> float | None:
    return round(statistics.median(values), 2) if values else None


def print_document(report: Report) -> None:
    """Everything as JSON."""
    print_json(
        {
            "seed": report.seed,
            "schedule": [str(fault) for fault in report.schedule],
            "faults": report.struck,
            **report.figures,
            "invariants": [
                {
                    "name": v.name,
                    "says": v.says,
                    "asked": v.asked,
                    "offences": v.offences,
                    "examples": v.examples,
                }
                for v in report.verdicts
            ],
            "violations": [name for name, _ in report.violations],
            "folder": report.folder,
        }
    )


def print_tables(report: Report) -> None:
    """What struck, what came of it, what must hold."""
    out.print()
    out.print(_pairs(f"Faults (seed {report.seed})", report.struck))
    out.print()
    out.print(_pairs("Figures", report.figures))
    out.print()
    table = Table("", "", "offences", title="What must hold", title_justify="left", box=None)
    for one in report.verdicts:
        mark = "[red]✗[/]" if one.offences else "[green]✓[/]" if one.asked else "-"
        told = str(one.offences) if one.asked else "not asked"
        table.add_row(f"{mark} {one.name}", one.says, told)
    out.print(table)
    for name, sentence in report.violations:
        out.print(f"{name}: {sentence}", highlight=False, markup=False)
    if report.folder:
        out.print(f"Kept: {report.folder}", highlight=False, soft_wrap=True)
    ok = not report.violations
    out.print("[green]Nothing lost, nothing twice.[/]" if ok else "[red]Something is wrong.[/]")


def _pairs(title: str, values: "dict[str, int] | Figures") -> Table:
    table = Table(title=title, title_justify="left", show_header=False, box=None)
    for name, value in values.items():
        told = "-" if value is None else f"{value:,}"
        table.add_row(name.replace("_", " "), told)
    return table
