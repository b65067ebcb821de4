"""`outrider cron`: what happens by the clock, and making it happen now."""

import typer

from db import audit, clock, cron
from schemas.errors import NoSuchRow
from scripts.options import Json, Reason
from scripts.output import out, show
from scripts.session import open_database, whoami
from workers.cron import mirror

app = typer.Typer(no_args_is_help=True)
_COLUMNS = ("name", "cron", "timezone", "actor", "is_active", "last_at", "next_at")


@app.command("list")
def list_schedules(as_json: Json = False) -> None:
    """List schedules with their last and next fire."""
    with open_database() as (database, _), database.hat("dispatcher") as tx:
        mirror(tx)
        show(cron.list_schedules(tx), as_json=as_json, columns=_COLUMNS, empty="No schedules.")


@app.command("run")
def run(name: str, reason: Reason) -> None:
    """Fire one schedule now; its next regular fire stays."""
    with open_database() as (database, _):
        with database.hat("dispatcher") as tx:
            mirror(tx)
            due = cron.get_locked(tx, name)
            if due is None:
                raise NoSuchRow("schedule", name)
            job_id = cron.record_fire(
                tx, name=name, fire_at=clock.read(tx), previous_at=due.last_at, missed=0
            )
            tx.rings.add(due.actor)
        with database.hat("operator") as tx:
            audit.record(tx, operator=whoami(), action="run", resource_type="schedule",
                         resource_id=name, reason=reason)  # fmt: skip
    out.print(f"{name} runs as job {job_id}.")
