"""`outrider retention`: how long what is kept, by tenant, and forgetting it now."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from db import Database, audit, retention, tenants
from schemas.errors import Permanent
from schemas.retention import POLICIES
from scripts.options import AnyTenant, Json, Reason, Tenant
from scripts.output import out, print_json, show
from scripts.session import open_database, whoami
from workers.retention import run, terms

app = typer.Typer(no_args_is_help=True)
_FOREVER, _HOUSE = "forever", "default"


@app.command("show")
def show_terms(tenant: AnyTenant = None, as_json: Json = False) -> None:
    """Show how long what is kept, and who said so."""
    with open_database() as (database, _):
        found = terms(database, _id(database, tenant) if tenant else None)
    if as_json:
        print_json([{**asdict(term), "words": POLICIES[term.what].words} for term in found])
        return
    show(found, as_json=False, empty="There is no tenant yet.")
    for policy in POLICIES.values():
        out.print(f"{policy.what}: {policy.words}.", highlight=False)


@app.command("set")
def set_term(
    what: Annotated[str, typer.Argument(help=f"One of: {', '.join(POLICIES)}.")],
    days: Annotated[str, typer.Argument(help="A number of days, or forever, or default.")],
    tenant: Tenant,
    reason: Reason,
) -> None:
    """Keep something shorter or longer than the house does; it holds from the next run on."""
    if what not in POLICIES:
        raise Permanent(f"what: there is no {what!r}; there are {', '.join(POLICIES)}.")
    keep = None if days in {_FOREVER, _HOUSE} else _days(days)
    with open_database() as (database, _):
        tenant_id = _id(database, tenant)
        with database.hat("operator") as tx:
            if days == _HOUSE:
                retention.remove(tx, tenant_id, what)
            else:
                retention.put(tx, tenant_id, what, keep_days=keep, by=whoami())
            audit.record(tx, operator=whoami(), action="retention.set", resource_type="retention", resource_id=what,
                         reason=reason, tenant_id=tenant_id, details={"days": days})  # fmt: skip
    out.print(
        f"{what} of {tenant}: {days}{' days' if keep else ''}.", highlight=False, markup=False
    )


@app.command("run")
def run_now(
    tenant: AnyTenant = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be forgotten; change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Forget now what is over its term, as housekeeping does every night."""
    with open_database() as (database, _):
        done = list(run(database, _id(database, tenant) if tenant else None, dry_run=dry_run))
        if not dry_run and done:
            with database.hat("operator") as tx:
                audit.record(tx, operator=whoami(), action="retention.run", resource_type="retention", resource_id=tenant or "all",
                             reason=None, details={"rows": sum(one.rows for one in done)})  # fmt: skip
    show(done, as_json=as_json, empty="Nothing is over its term.")


def _days(told: str) -> int:
    if not told.isascii() or not told.isdigit() or not 0 < int(told) <= 36_500:
        raise Permanent(f"days: {told!r} is neither a number from 1 to 36500 nor {_FOREVER} or {_HOUSE}.")  # fmt: skip
    return int(told)


def _id(database: Database, slug: str) -> UUID:
    with database.hat("operator") as tx:
        return tenants.get_by_slug(tx, slug).id
