"""Which dead letters a command means, by its options."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from db import Tx, dead
from db.dead import Which
from schemas.errors import Permanent
from scripts.moments import read_moment
from scripts.tenants import id_of

Fingerprint = Annotated[
    str | None, typer.Option("--fingerprint", help="Only this kind of failure (`dead groups`).")
]
Since = Annotated[
    str | None, typer.Option("--since", help="Died since: 2026-11-23T10:00 (UTC), or 2h.")
]
Until = Annotated[str | None, typer.Option("--until", help="Died before: as --since.")]
Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Ids of letters.")]
Most = Annotated[
    int | None, typer.Option("--limit", min=1, help="The oldest so many; all without.")
]
Everything = Annotated[
    bool, typer.Option("--all", help="All open letters; say so when you mean it.")
]


def which_of(
    tx: Tx,
    *,
    ids: list[int] | None = None,
    tenant: str | None = None,
    actor: str | None = None,
    fingerprint: str | None = None,
    since: str | None = None,
    until: str | None = None,
    status: str | None = None,
) -> Which:
    """The letters that options mean. Raises NoSuchRow for a tenant, Permanent for a moment."""
    return Which(
        ids=ids or None,
        tenant_id=id_of(tx, tenant),
        actor=actor,
        fingerprint=fingerprint,
        since=_moment(tx, since, "--since"),
        until=_moment(tx, until, "--until"),
        status=status,
    )


def refuse_nothing(which: Which, *, everything: bool) -> None:
    """Whoever names no letter and no filter means all of them only when they say --all."""
    if which == Which(status=which.status) and not everything:
        raise Permanent("Name letters or a filter, or say --all.")


def _moment(tx: Tx, text: str | None, option: str) -> datetime | None:
    moment = None if text is None else read_moment(text, option)
    return dead.moment_ago(tx, moment) if isinstance(moment, timedelta) else moment
