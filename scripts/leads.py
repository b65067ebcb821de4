"""`outrider leads`: what is known about a person, what was decided, and why."""

import typer

from db import leads, tenants, timelines
from scripts.options import Json, Tenant
from scripts.output import show
from scripts.session import open_database

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _root() -> None:
    """One command today, and room for more."""


@app.command("explain")
def explain(email: str, tenant: Tenant, as_json: Json = False) -> None:
    """Tell the story of one lead: score with reasons, plans, mails, verdicts, CRM."""
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            owner = tenants.get_by_slug(tx, tenant)
        with database.tenant(owner.id) as tx:
            lead = leads.get_by_email(tx, email)
            show(timelines.of_lead(tx, lead.id), as_json=as_json, empty="Nothing happened yet.")
