"""`outrider lanes`: lines of waiting work; whose turn, how many at once, how often, or not at all."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import typer

from db import Tx, audit, lane_orders, lanes, tenants
from schemas.errors import Permanent
from scripts.moments import read_rate
from scripts.options import AnyActor, AnyTenant, Json, Limit, Reason, Tenant
from scripts.output import out, show
from scripts.session import open_database, whoami
from scripts.tenants import id_of
from workers.process import actor_names

app = typer.Typer(no_args_is_help=True)
_COLUMNS = (
    "tenant_id", "actor", "key", "state", "ready", "in_flight", "max_running", "rate_every", "weight",
    "failures", "blocked_until", "blocked_because", "pause_reason",
)  # fmt: skip

Actor = Annotated[str, typer.Option("--actor", help="The actor, e.g. step.send.")]
House = Annotated[str | None, typer.Option("--tenant", help="The tenant's slug; none: the house.")]
Key = Annotated[
    str, typer.Option("--key", help="As `lanes list` shows it; none: the tenant's own.")
]


@app.command("list")
def list_lanes(
    tenant: AnyTenant = None, actor: AnyActor = None, limit: Limit = 50, as_json: Json = False
) -> None:
    """List lanes that are remembered, those in trouble first."""
    with open_database() as (database, _), database.hat("operator") as tx:
        rows = lanes.list_all(tx, tenant_id=id_of(tx, tenant), actor=actor, limit=limit)
    show(rows, as_json=as_json, columns=_COLUMNS, empty="No lane was used yet.")


@app.command("set")
def set_limits(
    actor: Actor,
    reason: Reason,
    tenant: House = None,
    key: Key = "",
    weight: Annotated[
        float | None, typer.Option(help="Turns beside the tenant's other lanes.")
    ] = None,
    max_running: Annotated[int | None, typer.Option(min=1, help="Jobs at once.")] = None,
    rate: Annotated[str | None, typer.Option(help="Starts per time, e.g. 30/m or 1/90s.")] = None,
    burst: Annotated[int | None, typer.Option(min=1, help="Starts at once after a rest.")] = None,
    default: Annotated[bool, typer.Option("--default", help="As the code says, again.")] = False,
) -> None:
    """Limit one lane; what is not named stays as it is."""
    if weight is not None and weight <= 0:
        raise Permanent(f"--weight: {weight} is not above 0; to stop a lane, pause it.")
    every = None if rate is None else read_rate(rate)
    with _lane(tenant, actor, key, "set", reason) as at:
        if default:
            lane_orders.unlimit(at.tx, at.lane_id)
        lane_orders.limit(
            at.tx, at.lane_id, weight=weight, max_running=max_running, rate_every=every, burst=burst
        )
    out.print(f"{at.name} is limited as said.", highlight=False)


@app.command("pause")
def pause(actor: Actor, reason: Reason, tenant: House = None, key: Key = "") -> None:
    """Start nothing in one lane; what runs, finishes."""
    with _lane(tenant, actor, key, "pause", reason) as at:
        new = lane_orders.pause(at.tx, at.lane_id, by=whoami(), reason=reason)
    out.print(f"{at.name} is {'now' if new else 'already'} paused.", highlight=False)


@app.command("resume")
def resume(actor: Actor, reason: Reason, tenant: House = None, key: Key = "") -> None:
    """Open one lane again: its pause, its block and its count of failures are over."""
    with _lane(tenant, actor, key, "resume", reason) as at:
        shut = lane_orders.resume(at.tx, at.lane_id)
    out.print(f"{at.name} {'is open again' if shut else 'was open'}.", highlight=False)


@app.command("weigh")
def weigh(
    weight: Annotated[float, typer.Argument(help="2 is twice the turns of 1.")],
    tenant: Tenant,
    reason: Reason,
) -> None:
    """Set a tenant's share of the fleet beside other tenants."""
    if not 0.01 <= weight <= 100:
        raise Permanent(f"weight: {weight} is not between 0.01 and 100.")
    with open_database() as (database, _), database.hat("operator") as tx:
        lane_orders.weigh(tx, tenants.get_by_slug(tx, tenant).id, weight)
        audit.record(tx, operator=whoami(), action="weigh", resource_type="tenant",
                     resource_id=tenant, reason=reason, details={"weight": weight})  # fmt: skip
    out.print(f"{tenant} now has weight {weight:g}.", highlight=False)


@dataclass(frozen=True, slots=True)
class _At:
    tx: Tx
    lane_id: int
    name: str


@contextmanager
def _lane(tenant: str | None, actor: str, key: str, action: str, reason: str) -> Generator[_At]:
    if actor not in actor_names():
        raise Permanent(f"--actor: there is no {actor!r}; there are {', '.join(actor_names())}.")
    name = " ".join(part for part in (tenant or "the house", actor, key) if part)
    with open_database() as (database, _), database.hat("operator") as tx:
        tenant_id: UUID | None = id_of(tx, tenant)
        yield _At(tx, lane_orders.make(tx, tenant_id=tenant_id, actor=actor, key=key), name)
        audit.record(tx, operator=whoami(), action=action, resource_type="lane",
                     resource_id=name, reason=reason)  # fmt: skip
