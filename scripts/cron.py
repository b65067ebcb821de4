"""`outrider cron`: what happens by the clock, making it happen now, or not at all."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

import typer

from db import Tx, audit, clock, cron_lines
from pipelines.schedules import NONE, ONE, next_fires
from schemas.errors import NoSuchRow
from scripts.options import Json, Limit, Reason
from scripts.output import out, print_json, show
from scripts.session import open_database, whoami
from workers import cron

app = typer.Typer(no_args_is_help=True)
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Line:
    """A schedule with what comes next; times in UTC."""

    name: str
    cron: str
    timezone: str
    actor: str
    catch_up: str
    state: Literal["active", "paused", "retired"]
    pause_reason: str | None
    missed: int
    last_at: datetime | None
    next_fires: list[datetime]


@app.command("list")
def list_schedules(as_json: Json = False) -> None:
    """List schedules with their last fire, their next three, and what they missed."""
    with open_database() as (database, _):
        with database.hat("dispatcher") as tx:
            cron.mirror(tx)
        with database.hat("operator") as tx:
            lines = [_line(tx, schedule) for schedule in cron_lines.list_schedules(tx)]
    show(lines, as_json=as_json, empty="No schedules.")


@app.command("show")
def show_fires(name: str, limit: Limit = 20, as_json: Json = False) -> None:
    """Show the last fires of one schedule: for which moment, what was missed before, what came of it."""
    with open_database() as (database, _), database.hat("operator") as tx:
        fires = cron_lines.list_fires(tx, name, limit=limit)
        known = {schedule.name for schedule in cron_lines.list_schedules(tx)}
    if name not in known:
        raise NoSuchRow("schedule", name)
    show(fires, as_json=as_json, empty=f"{name} never fired.")


@app.command("run")
def run(name: str, reason: Reason, as_json: Json = False) -> None:
    """Fire one schedule now; its next regular fire stays."""
    with open_database() as (database, _), database.hat("dispatcher") as tx:
        cron.mirror(tx)
        job_id = cron.fire_now(tx, name)
        _audit(tx, name, "run", reason)
    if as_json:
        print_json({"name": name, "job_id": job_id})
    else:
        out.print(f"{name} runs as job {job_id}.")


@app.command("pause")
def pause(name: str, reason: Reason) -> None:
    """Fire one schedule no more until it is resumed; what it made already runs."""
    with open_database() as (database, _), database.hat("dispatcher") as tx:
        new = cron.pause(tx, name, by=whoami(), reason=reason)
        _audit(tx, name, "pause", reason)
    out.print(f"{name} is {'now' if new else 'already'} paused.")


@app.command("resume")
def resume(name: str, reason: Reason) -> None:
    """Fire one schedule again, from its next moment on; those of the pause are missed."""
    with open_database() as (database, _), database.hat("dispatcher") as tx:
        was_paused = cron.resume(tx, name)
        _audit(tx, name, "resume", reason)
    out.print(f"{name} {'fires again' if was_paused else 'was not paused'}.")


def _audit(tx: Tx, name: str, action: str, reason: str) -> None:
    audit.record(tx, operator=whoami(), action=action, resource_type="schedule",
                 resource_id=name, reason=reason)  # fmt: skip


def _line(tx: Tx, row: cron_lines.Schedule) -> Line:
    coming: list[datetime] = []
    if row.is_active and not row.paused_by:
        then = next_fires(row.cron, row.timezone, after=max(row.next_at, clock.read(tx)))
        coming = [row.next_at, *islice(then, _SHOWN - 1)]
    words = {NONE: "none", ONE: "one"}
    return Line(
        name=row.name,
        cron=row.cron,
        timezone=row.timezone,
        actor=row.actor,
        catch_up=words.get(row.catch_up, f"all({row.catch_up})"),
        state="paused" if row.paused_by else "active" if row.is_active else "retired",
        pause_reason=row.pause_reason,
        missed=row.missed,
        last_at=row.last_at,
        next_fires=coming,
    )
