"""`outrider bench chaos`: faults drawn from a seed against a real fleet. Exit 1 on any violation."""

import shutil
from typing import Annotated, Literal

import typer

from schemas.settings import load
from scripts.chaos.report import print_document, print_tables
from scripts.chaos.run import Order, run
from scripts.environment import home
from scripts.options import Json
from scripts.output import out
from telemetry import logs


def chaos(
    seed: Annotated[int, typer.Option(help="Which faults strike when, and which jobs.")] = 1,
    jobs: Annotated[int, typer.Option("--jobs", min=200, help="How many, about.")] = 5000,
    minutes: Annotated[float, typer.Option(min=0.2, help="How long faults strike.")] = 1.0,
    faults: Annotated[
        Literal["all", "none"], typer.Option(help="`none` shows what must hold in peace.")
    ] = "all",
    lease: Annotated[float, typer.Option(min=2, help="Seconds after which silence is death.")] = 5,
    keep: Annotated[bool, typer.Option("--keep", help="Keep logs and data.")] = False,
    as_json: Json = False,
) -> None:
    """Strike a fleet of real processes for some minutes, and check the sixteen invariants."""
    folder = home(load()) / "chaos" / f"seed-{seed}"
    shutil.rmtree(folder, ignore_errors=True)

    def tell(line: str) -> None:
        if not as_json:
            out.print(line, highlight=False, style="dim")

    logs.configure("auto", "error")
    order = Order(seed, jobs, minutes, faults=faults == "all", lease=lease, told=tell)
    try:
        report = run(order, folder, keep=keep)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    (print_document if as_json else print_tables)(report)
    if report.violations:
        raise typer.Exit(1)
