"""`outrider credits`: give a tenant some, and read its ledger."""

from typing import Annotated

import typer

from db import audit, credits, quotas, tenants
from scripts.options import Json, Limit, Reason
from scripts.output import out, show
from scripts.session import open_database, whoami

app = typer.Typer(no_args_is_help=True)
Slug = Annotated[str, typer.Argument(help="The tenant's slug.")]


@app.command("grant")
def grant(
    tenant: Slug,
    amount: Annotated[
        int, typer.Argument(metavar="CREDITS", min=1, max=1_000_000_000, help="How many.")
    ],
    reason: Reason,
    key: Annotated[
        str | None, typer.Option(help="Such as an invoice's number: granted once under it.")
    ] = None,
) -> None:
    """Give a tenant credits that do not expire with the month; what waited for them goes on."""
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            tenant_id = tenants.get_by_slug(tx, tenant).id
        with database.tenant(tenant_id) as tx:
            done = credits.grant(tx, amount, reason=reason, key=key and f"grant:{key}")
            woken = quotas.wake(tx) if done.booked else 0
            if done.booked:
                audit.record(tx, operator=whoami(), action="grant", resource_type="credits",
                             resource_id=tenant, reason=reason, details={"credits": amount})  # fmt: skip
    told = f"{amount} granted" if done.booked else f"{key} was granted before"
    out.print(f"{tenant}: {told}; balance {done.balance}, {woken} waiting jobs go on.",
              highlight=False)  # fmt: skip


@app.command("history")
def history(tenant: Slug, limit: Limit = 50, as_json: Json = False) -> None:
    """Show a tenant's ledger of credits, the newest line first."""
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            tenant_id = tenants.get_by_slug(tx, tenant).id
        with database.tenant(tenant_id) as tx:
            lines = credits.list_latest(tx, limit=limit)
    show(lines, as_json=as_json, empty=f"{tenant} never had credits.")
