"""`outrider pause|resume`: one tenant or one actor gets no new work; what runs, finishes."""

from db import audit, lane_orders, pauses
from schemas.errors import Permanent
from scripts.options import AnyActor, AnyTenant, Json, Reason
from scripts.output import out, print_json
from scripts.session import open_database, whoami
from scripts.tenants import id_of
from workers.process import actor_names


def pause(
    reason: Reason,
    tenant: AnyTenant = None,
    actor: AnyActor = None,
    as_json: Json = False,
) -> None:
    """Stop new work of one tenant or one actor."""
    _one_of(tenant, actor)
    with open_database() as (database, _), database.hat("operator") as tx:
        tenant_id = id_of(tx, tenant)
        new = pauses.add(tx, tenant_id=tenant_id, actor=actor, reason=reason, by=whoami())
        lane_orders.recall(tx, tenant_id=tenant_id, actor=actor)
        if new:
            audit.record(tx, operator=whoami(), action="pause", resource_type=_kind(tenant),
                         resource_id=tenant or actor or "", reason=reason)  # fmt: skip
    if as_json:
        print_json({"tenant": tenant, "actor": actor, "paused": True, "changed": new})
        return
    out.print(f"{tenant or actor} is {'now' if new else 'already'} paused.")


def resume(tenant: AnyTenant = None, actor: AnyActor = None, as_json: Json = False) -> None:
    """Let work of a paused tenant or actor start again."""
    _one_of(tenant, actor)
    with open_database() as (database, _), database.hat("operator") as tx:
        gone = pauses.remove(tx, tenant_id=id_of(tx, tenant), actor=actor)
        if gone:
            audit.record(tx, operator=whoami(), action="resume", resource_type=_kind(tenant),
                         resource_id=tenant or actor or "", reason=None)  # fmt: skip
    if as_json:
        print_json({"tenant": tenant, "actor": actor, "paused": False, "changed": gone})
        return
    out.print(f"{tenant or actor} {'runs again' if gone else 'was not paused'}.")


def _one_of(tenant: str | None, actor: str | None) -> None:
    if (tenant is None) == (actor is None):
        raise Permanent("Name either --tenant or --actor.")
    if actor is not None and actor not in actor_names():
        raise Permanent(f"--actor: there is no {actor!r}; there are {', '.join(actor_names())}.")


def _kind(tenant: str | None) -> str:
    return "tenant" if tenant else "actor"
