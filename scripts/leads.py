"""`outrider leads`: what is known about a person, what was decided and why, and your word on it."""

from typing import Annotated
from uuid import UUID, uuid4

import typer

from db import (
    Database,
    Tx,
    activities,
    audit,
    enrollments,
    lead_returns,
    leads,
    suppressions,
    tenants,
    timelines,
)
from db.leads import Lead
from pipelines.engine import emit
from schemas.enums import LeadStatus, StopReason
from schemas.errors import Permanent
from schemas.events import LeadMoved
from schemas.lead_states import BY_HAND, may_move
from scripts.options import Json, Limit, Reason, Tenant
from scripts.output import out, show
from scripts.session import open_database, whoami

app = typer.Typer(no_args_is_help=True)
_HINTS = {
    LeadStatus.UNSUBSCRIBED: " Who wants to be left alone: `outrider suppress add`.",
    LeadStatus.BOUNCED: " An address that takes no mail: `outrider suppress add --because bounce`.",
    LeadStatus.IN_SEQUENCE: " Into a sequence it comes by a campaign that takes it.",
}
Who = Annotated[
    str, typer.Argument(metavar="LEAD", help="Its e-mail address, LinkedIn profile or id.")
]


@app.command("timeline")
@app.command("explain")
def timeline(lead: Who, tenant: Tenant, as_json: Json = False) -> None:
    """Tell the story of one lead in order: arrivals, findings, scores, moves, mails, verdicts, CRM."""
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        story = timelines.of_lead(tx, leads.get_by_name(tx, lead).id)
        show(story, as_json=as_json, empty="Nothing happened yet.")


@app.command("refused")
def refused(tenant: Tenant, limit: Limit = 100, as_json: Json = False) -> None:
    """List moves along the funnel that an actor asked for and did not get, newest first."""
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        show(activities.list_refused(tx, limit=limit), as_json=as_json,
             empty="No move was refused.")  # fmt: skip


@app.command("move")
def move(
    lead: Who,
    to: Annotated[LeadStatus, typer.Argument(metavar="STATUS", help="Where it goes.")],
    tenant: Tenant,
    reason: Reason,
) -> None:
    """Move a lead by hand, which ends its sequence; or back, once nothing suppresses it."""
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        lead_id = leads.get_by_name(tx, lead).id
        stopped = enrollments.stop_all_of_lead(tx, lead_id, StopReason.OPERATOR, by=whoami())
        found = leads.get_locked(tx, lead_id)
        _move(tx, found, to)
        emit(tx, LeadMoved(lead_id=lead_id, to=to), key=f"{lead_id}:{uuid4()}")
        audit.record(tx, operator=whoami(), action="move", resource_type="lead", reason=reason,
                     resource_id=str(lead_id), details={"from": found.status, "to": to})  # fmt: skip
    out.print(f"The lead was {found.status} and is {to} now; {stopped} sequences stopped.",
              highlight=False)  # fmt: skip


def _move(tx: Tx, lead: Lead, to: LeadStatus) -> None:
    """Raises Permanent, with what is possible, when this is no move for a person."""
    back = lead_returns.find_way_back(tx, lead)
    possible = [one for one in LeadStatus if one in BY_HAND and may_move(lead.status, one)]
    if back:
        possible = [back, *(one for one in LeadStatus if one in BY_HAND and one is not back)]
    if to not in possible:
        raise Permanent(f"STATUS: a lead that is {lead.status} may be moved by hand to: "
                        f"{', '.join(possible) or 'nothing'}.{_HINTS.get(to, '')}")  # fmt: skip
    if back and suppressions.barred_by(tx, lead):
        raise Permanent(f"STATUS: the lead is {lead.status} and still suppressed; see "
                        "`outrider suppress check` and `outrider suppress release`.")  # fmt: skip
    act = lead_returns.put_back if back else leads.move
    act(tx, lead, to, cause=f"operator {whoami()}")


def _tenant(database: Database, slug: str) -> UUID:
    with database.hat("operator") as tx:
        return tenants.get_by_slug(tx, slug).id
