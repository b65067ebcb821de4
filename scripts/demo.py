"""`outrider demo`: leads from a CSV through a running fleet, with a crash and a flush half-way.

Exit 0 only when every invariant holds and the counts equal those of the web server's own log.
"""

import shutil
from contextlib import ExitStack
from typing import Annotated

import typer
from rich.table import Table

from schemas.settings import load
from scripts.demo_checks import Check, judge
from scripts.demo_leads import load as load_leads
from scripts.demo_stage import Facts, Stage, staged
from scripts.environment import attached, environment, home
from scripts.options import Json
from scripts.output import out, print_json


def demo(
    leads: Annotated[
        int, typer.Option(min=1, max=5000, help="How many of the 5,000 shipped.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Which leads, and which world they live in.")] = 1,
    keep: Annotated[bool, typer.Option("--keep", help="Add to the last run's data.")] = False,
    as_json: Json = False,
) -> None:
    """Show the main job on this machine: nothing lost, nothing twice, whatever dies."""
    settings = load()
    folder = home(settings) / "demo"
    if settings.database_url is None and not keep and attached(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
    people = load_leads(leads, seed)
    with ExitStack() as stack:
        ready = stack.enter_context(environment(settings, folder=folder, may_migrate=True))
        stage = stack.enter_context(staged(ready, folder, seed=seed, people=people, quiet=as_json))
        facts = stage.play()
        checks = judge(stage)
    _print(stage, facts, checks, as_json=as_json)
    if not all(check.holds for check in checks):
        raise typer.Exit(1)


def _print(stage: Stage, facts: Facts, checks: list[Check], *, as_json: bool) -> None:
    verdict = all(check.holds for check in checks)
    if as_json:
        rows = [
            {"check": c.name, "expected": c.expected, "found": c.found, "holds": c.holds}
            for c in checks
        ]
        print_json({"seed": stage.seed, **facts, "checks": rows, "verdict": verdict})
        return
    numbers = Table(title="What happened", title_justify="left", show_header=False, box=None)
    for name, value in facts.items():
        numbers.add_row(
            name.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value)
        )
    proof = Table(
        "", "counted", "expected", "by", title="What must be true", title_justify="left", box=None
    )
    for check in checks:
        mark = "[green]✓[/]" if check.holds else "[red]✗[/]"
        proof.add_row(f"{mark} {check.name}", str(check.found), str(check.expected), check.source)
    out.print()
    out.print(numbers)
    out.print()
    out.print(proof)
    out.print()
    out.print(
        "[green]Nothing lost, nothing twice.[/]" if verdict else "[red]Something is wrong.[/]"
    )
