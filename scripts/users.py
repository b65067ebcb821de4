"""`outrider users`: people, and their role in one tenant."""

from typing import Annotated

import typer

from db import tenants, users
from schemas.enums import MembershipRole
from scripts.options import Json, Tenant
from scripts.output import show, show_one
from scripts.session import open_database

app = typer.Typer(no_args_is_help=True)


@app.command("create")
def create(
    email: str,
    tenant: Tenant,
    name: Annotated[str | None, typer.Option(help="Full name.")] = None,
    role: Annotated[
        MembershipRole, typer.Option(help="Rights in the tenant.")
    ] = MembershipRole.MEMBER,
    subject: Annotated[
        str | None, typer.Option(help="The identity provider's id of the person; made when absent.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Create a person, or give a known one a role in another tenant."""
    with open_database() as (database, _), database.hat("operator") as tx:
        found = tenants.get_by_slug(tx, tenant)
        member = users.add(
            tx,
            email=email,
            full_name=name,
            tenant_id=found.id,
            role=role,
            auth_subject=subject or f"local|{email.strip().lower()}",
        )
        show_one(member, as_json=as_json)


@app.command("list")
def list_members(tenant: Tenant, as_json: Json = False) -> None:
    """List the people of a tenant."""
    with open_database() as (database, _), database.hat("operator") as tx:
        found = tenants.get_by_slug(tx, tenant)
        show(users.list_members(tx, found.id), as_json=as_json, empty="Nobody yet.")
