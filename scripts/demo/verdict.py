"""How the demo's end is told: tables for people, one JSON document for machines."""

from pathlib import Path

from rich.table import Table

from scripts.demo.check import Check
from scripts.demo.report import Figures
from scripts.demo.stage import Stage
from scripts.output import out, print_json


def print_document(stage: Stage, told: Figures, checks: list[Check], picture: Path) -> None:
    """Everything as JSON."""
    rows = [
        {
            "check": c.name,
            "expected": c.expected,
            "found": c.found,
            "holds": c.holds,
            "by": c.source,
        }
        for c in checks
    ]
    doubts = [
        {"key": one.key, "reason": one.reason, "was_taken": one.in_archive}
        for one in stage.operator.settled
    ]
    verdict = all(check.holds for check in checks)
    print_json(
        {"seed": stage.seed, **told, "doubts_settled": doubts, "picture": str(picture),
         "checks": rows, "verdict": verdict}
    )  # fmt: skip


def print_tables(stage: Stage, told: Figures, checks: list[Check], picture: Path) -> None:
    """What happened, what was in doubt, what must be true, and where the picture is."""
    out.print()
    out.print(_figures(told))
    out.print()
    for one in stage.operator.settled:
        fate = "it was sent" if one.in_archive else "it was not sent, and was sent then"
        out.print(f"In doubt: {one.key}\n  {one.reason} By the mail server's log {fate}.", highlight=False)  # fmt: skip
    out.print()
    out.print(_proof(checks))
    out.print()
    out.print(f"The play as a picture: {picture}", highlight=False, soft_wrap=True)
    holds = all(check.holds for check in checks)
    out.print("[green]Nothing lost, nothing twice.[/]" if holds else "[red]Something is wrong.[/]")


def _figures(told: Figures) -> Table:
    table = Table(title="What happened", title_justify="left", show_header=False, box=None)
    for name, value in told.items():
        table.add_row(
            name.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value)
        )
    return table


def _proof(checks: list[Check]) -> Table:
    table = Table(
        "", "counted", "expected", "by", title="What must be true", title_justify="left", box=None
    )
    for check in checks:
        mark = "[green]✓[/]" if check.holds else "[red]✗[/]"
        limit = f"{'at most ' if check.at_most else ''}{check.expected}"
        table.add_row(f"{mark} {check.name}", str(check.found), limit, check.source)
    return table
