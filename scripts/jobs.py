"""`outrider jobs`: look at unfinished work, and drop what should not happen."""

from typing import Annotated

import typer

from db import Database, cancellations, effects, job_log, jobs, pauses, tenants
from db.cancellations import Scope
from schemas.enums import JobState
from schemas.errors import NoSuchRow, Permanent
from scripts.options import AnyActor, AnyTenant, Json, Limit, Reason, Tenant
from scripts.output import out, show, show_one
from scripts.session import open_database, whoami
from scripts.tenants import id_of
from workers import cancelling
from workers.doubts import settle as settle_doubt

app = typer.Typer(no_args_is_help=True)
_COLUMNS = ("id", "actor", "lane", "priority", "state", "attempt", "due_at", "retry_at", "trace_id",
            "last_error")  # fmt: skip
Run = Annotated[str | None, typer.Option("--run", help="Only this run, by its trace id.")]


@app.command("list")
def list_open(
    tenant: AnyTenant = None,
    actor: AnyActor = None,
    state: Annotated[JobState | None, typer.Option(help="Only jobs in this state.")] = None,
    lane: Annotated[str | None, typer.Option(help="Only this lane, e.g. mailbox:<id>.")] = None,
    run: Run = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List unfinished jobs, oldest first."""
    with open_database() as (database, _), database.hat("operator") as tx:
        rows = jobs.list_open(tx, tenant_id=id_of(tx, tenant), actor=actor, state=state,
                              lane=lane, trace_id=run, limit=limit)  # fmt: skip
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
def cancel(
    reason: Reason,
    job_id: Annotated[int | None, typer.Argument(help="One job.")] = None,
    run: Run = None,
    tenant: AnyTenant = None,
    actor: AnyActor = None,
    running: Annotated[
        bool | None,
        typer.Option(
            "--running/--waiting", help="Those that run as well, or not; a single job: not."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is meant.")] = False,
    as_json: Json = False,
) -> None:
    """Drop one job, a run, or a tenant's queue; the log keeps a line of each job.

    What runs cannot be stopped: its result is refused, and a mail under way is a doubt. What a
    cancelled job would have done, nobody does; jobs that several runs lean on stay with --run.
    """
    if [job_id, run, tenant].count(None) != 2:
        raise Permanent("Name one of a job's id, --run and --tenant.")
    if actor is not None and tenant is None:
        raise Permanent("--actor narrows --tenant; pause an actor to stop it for everybody.")
    with open_database() as (database, _):
        scope = _scope(database, job_id, run, tenant, actor, running=running)
        if dry_run:
            with database.hat("operator") as tx:
                meant = cancellations.count(tx, scope)
            show(meant, as_json=as_json, empty="Nothing would be cancelled.")
            return
        done = cancelling.cancel(database, scope, operator=whoami(), reason=reason)
        if job_id is not None and not done.jobs:
            raise Permanent(f"Job {job_id} is running or over; add --running, or wait.")
    show_one(done, as_json=as_json)


def _scope(
    database: Database, job_id: int | None, run: str | None, tenant: str | None, actor: str | None,
    *, running: bool | None,
) -> Scope:  # fmt: skip
    with database.hat("operator") as tx:
        if job_id is not None and jobs.find(tx, job_id) is None:
            raise NoSuchRow("unfinished job", job_id)
        everybody = job_id is None if running is None else running
        return Scope(job_id, run, id_of(tx, tenant), actor, running=everybody)


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
