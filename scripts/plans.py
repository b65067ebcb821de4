"""`outrider plans`: the catalogue of what a tenant may use. The schema's owner writes it."""

import typer

from db import plans
from scripts.options import Json
from scripts.output import show, show_one
from scripts.session import open_database

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """List plans with their limits; `-` is no limit."""
    with open_database() as (database, _), database.hat("operator") as tx:
        show(plans.list_all(tx), as_json=as_json, empty="No plans.")


@app.command("show")
def show_plan(code: str, as_json: Json = False) -> None:
    """Show one plan."""
    with open_database() as (database, _), database.hat("operator") as tx:
        show_one(plans.get(tx, code), as_json=as_json)
