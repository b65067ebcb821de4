"""`outrider jobs`: look at unfinished work, and drop what should not happen."""

from typing import Annotated
from uuid import UUID

import typer

from db import Tx, audit, effects, job_log, jobs, pauses, tenants
from schemas.enums import JobState
from schemas.errors import NoSuchRow, Permanent
from scripts.options import AnyActor, AnyTenant, Json, Limit, Reason, Tenant
from scripts.output import out, show, show_one
from scripts.session import open_database, whoami
from scripts.tenants import id_of
from workers.doubts import settle as settle_doubt

app = typer.Typer(no_args_is_help=True)
_COLUMNS = ("id", "actor", "state", "attempt", "due_at", "retry_at", "last_error")


@app.command("list")
def list_open(
    tenant: AnyTenant = None,
    actor: AnyActor = None,
    state: Annotated[JobState | None, typer.Option(help="Only jobs in this state.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List unfinished jobs, oldest first."""
    with open_database() as (database, _), database.hat("operator") as tx:
        rows = jobs.list_open(
            tx, tenant_id=id_of(tx, tenant), actor=actor, state=state, limit=limit
        )
        standing = [] if as_json else pauses.list_standing(tx)
    show(rows, as_json=as_json, columns=_COLUMNS, empty="No unfinished jobs.")
    for pause in standing:
        name = pause.actor or f"tenant {pause.tenant_id}"
        out.print(f"Paused: {name}, by {pause.paused_by}: {pause.reason}", highlight=False)


@app.command("show")
def show_job(job_id: int, as_json: Json = False) -> None:
    """Show one job, finished or not."""
    with open_database() as (database, _), database.hat("operator") as tx:
        found = jobs.find(tx, job_id) or job_log.find(tx, job_id)
    if found is None:
        raise NoSuchRow("job", job_id)
    show_one(found, as_json=as_json)


@app.command("cancel")
def cancel(job_id: int, reason: Reason) -> None:
    """Drop a job that is not running; the log keeps one line."""
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            tenant_id = _tenant_of(tx, job_id)
        with database.tenant(tenant_id) as tx:
            if not jobs.cancel(tx, job_id):
                raise Permanent(f"Job {job_id} is running or over; pause its actor, or wait.")
            audit.record(tx, operator=whoami(), action="cancel", resource_type="job",
                         resource_id=str(job_id), reason=reason)  # fmt: skip
    out.print(f"Job {job_id} is cancelled.")


@app.command("doubts")
def doubts(tenant: AnyTenant = None, limit: Limit = 50, as_json: Json = False) -> None:
    """List calls to the outside world whose end nobody knows; nothing repeats them by itself."""
    with open_database() as (database, _), database.hat("operator") as tx:
        rows = effects.list_doubts(tx, tenant_id=id_of(tx, tenant), limit=limit)
    show(rows, as_json=as_json, empty="No doubts.")


@app.command("settle")
def settle(
    key: str,
    tenant: Tenant,
    reason: Reason,
    happened: Annotated[
        bool | None,
        typer.Option("--happened/--did-not-happen", help="What you found out, e.g. in the logs."),
    ] = None,
) -> None:
    """Settle one doubt, as its key is listed; the job goes on, and sends only what was not sent."""
    if happened is None:
        raise typer.BadParameter("say --happened or --did-not-happen")
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            found = tenants.get_by_slug(tx, tenant)
        settle_doubt(database, found.id, key, happened=happened, operator=whoami(), reason=reason)
    out.print(f"Settled: {key} {'happened' if happened else 'did not happen'}.", highlight=False)


def _tenant_of(tx: Tx, job_id: int) -> UUID | None:
    found = jobs.find(tx, job_id)
    if found is None:
        raise NoSuchRow("unfinished job", job_id)
    return found.tenant_id
