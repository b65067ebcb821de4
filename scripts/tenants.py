"""`outrider tenants`: create and list organisations."""

from typing import Annotated
from uuid import UUID

import typer

from db import Tx, tenants
from scripts.options import Json
from scripts.output import show, show_one
from scripts.session import open_database

app = typer.Typer(no_args_is_help=True)


@app.command("create")
def create(
    name: str,
    slug: Annotated[str, typer.Option(help="Short name in addresses: a-z, 0-9 and hyphens.")],
    timezone: Annotated[str, typer.Option(help="IANA zone, e.g. Europe/Berlin.")] = "UTC",
    as_json: Json = False,
) -> None:
    """Create a tenant."""
    with open_database() as (database, _), database.hat("operator") as tx:
        show_one(tenants.add(tx, name=name, slug=slug, timezone=timezone), as_json=as_json)


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """List tenants."""
    with open_database() as (database, _), database.hat("operator") as tx:
        show(
            tenants.list_all(tx),
            as_json=as_json,
            empty="No tenants yet: `outrider tenants create`.",
        )


def id_of(tx: Tx, slug: str | None) -> UUID | None:
    """The id behind a slug, None for None. Raises NoSuchRow."""
    return None if slug is None else tenants.get_by_slug(tx, slug).id
