"""`outrider dead`: look at what gave up, and send one round again."""

from typing import Annotated

import typer

from db import dead
from scripts.options import AnyActor, AnyTenant, Json, Limit, Reason
from scripts.output import out, print_json, show, show_one
from scripts.session import open_database, whoami
from scripts.tenants import id_of
from workers.replay import replay

app = typer.Typer(no_args_is_help=True)
_COLUMNS = (
    "id",
    "job_id",
    "actor",
    "attempts",
    "error_class",
    "error_message",
    "status",
    "died_at",
)


@app.command("list")
def list_letters(
    tenant: AnyTenant = None,
    actor: AnyActor = None,
    everything: Annotated[bool, typer.Option("--all", help="Replayed ones too.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List dead letters, newest first."""
    with open_database() as (database, _), database.hat("operator") as tx:
        rows = dead.list_letters(
            tx,
            tenant_id=id_of(tx, tenant),
            actor=actor,
            status=None if everything else "open",
            limit=limit,
        )
    show(rows, as_json=as_json, columns=_COLUMNS, empty="No dead letters.")


@app.command("show")
def show_letter(letter_id: int, as_json: Json = False) -> None:
    """Show one dead letter, whole."""
    with open_database() as (database, _), database.hat("operator") as tx:
        show_one(dead.get(tx, letter_id), as_json=as_json)


@app.command("replay")
def replay_letter(letter_id: int, reason: Reason, as_json: Json = False) -> None:
    """Make a new job of one dead letter; twice is refused."""
    with open_database() as (database, _):
        job_id = replay(database, letter_id, operator=whoami(), reason=reason)
    if as_json:
        print_json({"letter_id": letter_id, "job_id": job_id})
    else:
        out.print(f"Dead letter {letter_id} runs again as job {job_id}.")
