"""`outrider support`: people on call read one tenant for a while; every read is in the trail."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer

from db import Tx, audit, identities, support, tenants
from db.identities import Person
from schemas.errors import Permanent
from scripts.options import AnyTenant, Json, Limit, Reason, Tenant
from scripts.output import out, show, show_one
from scripts.session import open_database, whoami
from scripts.tenants import id_of

app = typer.Typer(no_args_is_help=True)
_LISTED = ("id", "tenant", "operator", "reason", "started_at", "expires_at", "ended_at", "reads")
Operator = Annotated[
    str, typer.Option("--operator", help="Address of the operator (`users operator` makes one).")
]


@app.command("open")
def open_session(
    tenant: Tenant,
    operator: Operator,
    reason: Reason,
    minutes: Annotated[
        int, typer.Option(min=1, max=480, help="It ends by itself after so long.")
    ] = 120,
    as_json: Json = False,
) -> None:
    """Let an operator read a tenant, from now on and for a while."""
    with open_database() as (database, _), database.hat("operator") as tx:
        owner, person = tenants.get_by_slug(tx, tenant), _operator(tx, operator)
        session = support.open_session(
            tx, tenant_id=owner.id, operator_id=person.id, reason=reason,
            lasts=timedelta(minutes=minutes),
        )  # fmt: skip
        audit.record(
            tx, operator=whoami(), action="support_open", resource_type="support_session",
            resource_id=str(session.id), reason=reason, tenant_id=owner.id,
        )  # fmt: skip
    show_one(session, as_json=as_json)


@app.command("end")
def end(session: UUID) -> None:
    """End a session before its time."""
    with open_database() as (database, _), database.hat("operator") as tx:
        found = support.end(tx, session)
        audit.record(tx, operator=whoami(), action="support_end", resource_type="support_session",
                     resource_id=str(session), reason=None, tenant_id=found.tenant_id)  # fmt: skip
    out.print(f"Session {session} {'is over' if found.live else 'was over already'}.")


@app.command("list")
def list_sessions(
    tenant: AnyTenant = None,
    over: Annotated[bool, typer.Option("--all", help="Those that are over as well.")] = False,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """List sessions, and how many reads the trail has of each."""
    with open_database() as (database, _), database.hat("operator") as tx:
        found = support.list_sessions(tx, tenant_id=id_of(tx, tenant), over=over, limit=limit)
    show(found, as_json=as_json, columns=_LISTED, empty="No session is open.")


@app.command("read")
def read(
    tenant: Tenant,
    operator: Operator,
    email: Annotated[
        str | None, typer.Argument(help="One lead's address; none: list them.")
    ] = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Read a tenant's leads as its members see them; refused without a live session."""
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            owner, person = tenants.get_by_slug(tx, tenant), _operator(tx, operator)
        with database.hat("client") as tx:
            identities.sign_in(tx, person.auth_subject, person.auth_provider)
            if not support.may_read(tx, owner.id):
                raise Permanent(
                    f"--operator: {operator} has no live session for {tenant}; `outrider support open`."
                )
            found = support.read_leads(tx, owner.id, email=email, limit=limit)
    show(found, as_json=as_json, empty="No such lead." if email else "No leads yet.")


def _operator(tx: Tx, email: str) -> Person:
    person = identities.find(tx, email)
    if person is None or not person.is_operator:
        raise Permanent(
            f"--operator: {email} is no operator; `outrider users operator {email}` makes them one."
        )
    return person
