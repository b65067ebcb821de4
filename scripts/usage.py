"""`outrider usage`: what a tenant used in a month, of what its plan gives."""

import re
from datetime import date
from typing import Annotated

import typer

from db import credits, subscriptions, tenants
from db import usage as book
from schemas.errors import Permanent
from scripts.options import Json
from scripts.output import out, print_json, records, show
from scripts.session import open_database


def usage(
    tenant: Annotated[str, typer.Argument(help="The tenant's slug.")],
    month: Annotated[
        str | None, typer.Option(help="Like 2026-11, in UTC; this one when absent.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a tenant used in a month, when 80 % of a limit was reached (warned_at), its credits and plan."""
    asked = _month(month) if month else None
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            tenant_id = tenants.get_by_slug(tx, tenant).id
        with database.tenant(tenant_id) as tx:
            standing = subscriptions.get(tx, tenant_id)
            when = asked or book.this_month(tx)
            lines, left = book.list_month(tx, when), credits.balance(tx)
    if as_json:
        print_json({"tenant": tenant, "plan": standing.plan_code, "status": standing.status,
                    "month": f"{when:%Y-%m}", "credits_left": left, "usage": records(lines)})  # fmt: skip
        return
    status = standing.status.value.replace("_", " ")
    out.print(f"{tenant}: {standing.plan_name}, {status}; {when:%Y-%m}; {left} credits left", highlight=False)  # fmt: skip
    show(lines, as_json=False, empty="")


def _month(text: str) -> date:
    if not re.fullmatch(r"\d{4}-\d{2}", text, re.ASCII) or not "01" <= text[5:] <= "12":
        raise Permanent(f"--month: {text!r} is no month; write 2026-11.")
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Permanent(f"--month: {text!r} is no month; write 2026-11.") from None
