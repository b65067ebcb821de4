"""`outrider demo`: leads from a CSV to their last answer through a running fleet, with a crash half-way.

Exit 0 only when every invariant holds and the counts equal those of everybody else's own books.
"""

import shutil
from contextlib import ExitStack
from typing import Annotated

import typer

from schemas.errors import Permanent
from schemas.settings import Settings, load
from scripts.demo.checks import judge
from scripts.demo.people import load as load_leads
from scripts.demo.picture import draw
from scripts.demo.report import figures, timeline
from scripts.demo.stage import staged
from scripts.demo.verdict import print_document, print_tables
from scripts.environment import attached, environment, home
from scripts.options import Json


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
        _refuse_a_fixed_clock(ready)
        stage = stack.enter_context(staged(ready, folder, seed=seed, people=people, quiet=as_json))
        stage.play()
        told, checks = figures(stage), judge(stage)
        picture = folder / "timeline.svg"
        picture.write_text(draw(timeline(stage, told)), encoding="utf-8")
    tell = print_document if as_json else print_tables
    tell(stage, told, checks, picture)
    if not all(check.holds for check in checks):
        raise typer.Exit(1)


def _refuse_a_fixed_clock(settings: Settings) -> None:
    """The play moves business time, for everybody on this database."""
    if settings.env == "production":
        raise Permanent("OUTRIDER_ENV: the demo moves the business clock, and never in production.")
    if settings.owner_url is None:
        raise Permanent(
            "OUTRIDER_DATABASE_URL: the demo moves the business clock, which only the owner of the "
            "schema can. Name the owner's login, or none: then it brings servers of its own."
        )
