"""Options that many commands share, spelled and explained once."""

from typing import Annotated

import typer


def _not_blank(given: str) -> str:
    if not given.strip():
        raise typer.BadParameter("say why, in a word at least")
    return given


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
Tenant = Annotated[str, typer.Option("--tenant", help="The tenant's slug.")]
AnyTenant = Annotated[str | None, typer.Option("--tenant", help="Only this tenant (its slug).")]
AnyActor = Annotated[str | None, typer.Option("--actor", help="Only this actor, e.g. lead.enrich.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many rows.")]
Reason = Annotated[
    str, typer.Option("--reason", help="Why; kept in the audit trail.", callback=_not_blank)
]
