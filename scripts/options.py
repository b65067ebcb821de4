"""Options that many commands share, spelled and explained once."""

import os
import sys
from typing import Annotated

import typer

from schemas.errors import Permanent


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


def secret_from(name: str, variable: str | None, *, from_stdin: bool) -> str:
    """A secret from where the caller says; `name` is what the options call it. Raises Permanent.

    Never an argument: those stand in the list of processes and in the shell's history.
    """
    if (variable is None) != from_stdin:
        raise Permanent(f"--{name}-env or --{name}-stdin: give one of them.")
    found = sys.stdin.readline() if variable is None else os.environ.get(variable, "")
    if not found.strip():
        where = f"the environment variable {variable}" if variable else "standard input"
        raise Permanent(f"{name}: {where} holds none.")
    return found.strip()
