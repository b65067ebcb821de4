"""`outrider tenants`: create and list organisations."""

from typing import Annotated
from uuid import UUID

import typer

from db import Database, Tx, audit, credits, plans, quotas, subscriptions, tenants
from schemas.enums import SubscriptionStatus
from schemas.plans import PAID
from scripts.options import Json, Reason
from scripts.output import out, show, show_one
from scripts.session import open_database, whoami

app = typer.Typer(no_args_is_help=True)
Slug = Annotated[str, typer.Argument(help="The tenant's slug.")]


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


@app.command("plan")
def plan(
    tenant: Slug,
    code: Annotated[str, typer.Argument(metavar="PLAN", help="A code of `outrider plans list`.")],
    reason: Annotated[str | None, typer.Option(help="Why; kept in the audit trail.")] = None,
) -> None:
    """Give a tenant a plan from this moment on; what waited for a bigger one goes on."""
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            tenant_id, new = tenants.get_by_slug(tx, tenant).id, plans.get(tx, code)
            before = subscriptions.get(tx, tenant_id)
            subscriptions.put(tx, tenant_id, new.code)
            audit.record(tx, operator=whoami(), action="plan", resource_type="tenant",
                         resource_id=tenant, reason=reason, tenant_id=tenant_id,
                         details={"from": before.plan_code, "to": new.code})  # fmt: skip
        granted, woken = _go_on(database, tenant_id)
    out.print(f"{tenant} has the plan {new.name}; {granted} credits granted, {woken} waiting jobs go on.",
              highlight=False)  # fmt: skip


@app.command("billing")
def billing(tenant: Slug, status: SubscriptionStatus, reason: Reason) -> None:
    """Say whether a tenant's plan is paid; unless it is, nothing is sent and nothing looked up."""
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            tenant_id = tenants.get_by_slug(tx, tenant).id
            before = subscriptions.bill(tx, tenant_id, status)
            audit.record(tx, operator=whoami(), action="billing", resource_type="tenant",
                         resource_id=tenant, reason=reason, tenant_id=tenant_id,
                         details={"from": before.value, "to": status.value})  # fmt: skip
        granted, woken = _go_on(database, tenant_id)
    out.print(f"{tenant} was {before.value} and is {status.value}; {granted} credits granted, {woken} waiting "
              "jobs go on.", highlight=False)  # fmt: skip


def _go_on(database: Database, tenant_id: UUID) -> tuple[int, int]:
    """Credits granted and jobs woken, where the tenant's plan is paid now."""
    with database.tenant(tenant_id) as tx:
        if subscriptions.get(tx, tenant_id).status not in PAID:
            return 0, 0
        granted = credits.renew(tx)
        return granted, quotas.wake(tx)


def id_of(tx: Tx, slug: str | None) -> UUID | None:
    """The id behind a slug, None for None. Raises NoSuchRow."""
    return None if slug is None else tenants.get_by_slug(tx, slug).id
