"""`outrider trace`: one story, from the webhook that began it to the calls that were made."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated

import typer

from db import traces
from db.traces import Step
from schemas.errors import NoSuchRow
from scripts.options import Json
from scripts.output import out, print_json, records
from scripts.session import open_database


def trace(
    which: Annotated[str, typer.Argument(help="A trace id, or the number of a job in it.")],
    days: Annotated[
        float, typer.Option("--days", min=0.01, help="Look at jobs that ended within so many days.")
    ] = 7,
    as_json: Json = False,
) -> None:
    """Show everything that followed from one webhook, fire or command, as a tree in time order."""
    with open_database() as (database, _), database.hat("operator") as tx:
        trace_id = which
        if which.isdecimal() and len(which) < 20:
            trace_id = traces.of_job(tx, int(which)) or ""
        found = traces.steps(tx, trace_id, within=timedelta(days=days)) if trace_id else []
    if not found:
        raise NoSuchRow("trace", which)
    if as_json:
        print_json({"trace_id": trace_id, "steps": records(found)})
        return
    out.print(f"trace {trace_id}", highlight=False)
    for depth, step in tree(found):
        out.print(f"{'  ' * depth}{_line(step)}", highlight=False, markup=False, soft_wrap=True)


def tree(steps: Sequence[Step]) -> Iterator[tuple[int, Step]]:
    """Every step once, with its depth, each after the one that it followed from.

    A job whose parent is of another trace, or is forgotten, is a root.
    """
    jobs = {step.job_id for step in steps if step.kind == "job"}
    stack = [(0, step) for step in reversed(steps) if not _has_parent(step, jobs)]
    while stack:
        depth, step = stack.pop()
        yield depth, step
        if step.kind == "job":
            followers = [s for s in steps if s.parent_id == step.job_id]
            stack += [(depth + 1, s) for s in reversed(followers)]


def _has_parent(step: Step, jobs: set[int | None]) -> bool:
    return step.parent_id is not None and step.parent_id in jobs


def _line(step: Step) -> str:
    moment = step.at.isoformat(sep=" ", timespec="milliseconds")
    name = f"job {step.job_id} {step.name}" if step.kind == "job" else f"{step.kind} {step.name}"
    again = f", attempt {step.attempt}" if step.kind == "job" and (step.attempt or 0) > 1 else ""
    ran = ""
    if step.started_at and step.finished_at:
        ran = f", {(step.finished_at - step.started_at).total_seconds() * 1000:.0f} ms"
    note = f" ({step.note})" if step.note else ""
    return f"{moment}  {name}: {step.state}{again}{ran}{note}"
