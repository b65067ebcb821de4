"""`outrider campaign`: make a campaign from a file, open it, pause it, and see how it stands."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import typer

from db import (
    Database,
    Tx,
    audit,
    campaign_leads,
    campaign_reports,
    campaigns,
    enrollments,
    leads,
    mailboxes,
    sequences,
)
from db import tenants as all_tenants
from db.campaigns import Campaign, NewCampaign
from db.sequences import SequenceStep
from pipelines.engine import emit
from schemas.enums import CampaignStatus, StopReason
from schemas.errors import NoSuchRow, Permanent
from schemas.events import CampaignOpened
from schemas.sequences import CampaignIn, read
from scripts.campaign_views import show_preview, show_status
from scripts.options import Json, Reason, Tenant
from scripts.output import out, print_json
from scripts.session import open_database, whoami
from workers.previews import preview as preview_of

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The campaign's name.")]


@app.command("create")
def create(
    name: Name,
    tenant: Tenant,
    sequence: Annotated[
        Path,
        typer.Option(
            "--sequence", exists=True, dir_okay=False, help="A TOML file: steps, window, limits."
        ),
    ],
    mailbox: Annotated[
        list[str] | None, typer.Option("--mailbox", help="A mailbox to send from; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a campaign, which does nothing before it is activated."""
    told = read(_text(sequence))
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        made = _create(tx, name, told, [*told.mailboxes, *(mailbox or [])])
    if as_json:
        print_json(
            {"id": made.id, "name": made.name, "status": made.status, "steps": len(told.steps)}
        )
    else:
        out.print(
            f"Campaign {name} has {len(told.steps)} steps; next: `outrider campaign activate`."
        )


@app.command("activate")
def activate(name: Name, tenant: Tenant) -> None:
    """Let a campaign take leads and send; one that was paused goes on."""
    with (
        open_database() as (database, settings),
        database.tenant(_tenant(database, tenant)) as tx,
    ):
        if settings.env == "production" and settings.public_url is None:
            raise Permanent("OUTRIDER_PUBLIC_URL: unsubscribe links need it; set it everywhere.")
        campaign = _campaign(tx, name)
        if not campaign_leads.list_loads(tx, campaign.id):
            raise Permanent(
                f"mailboxes: {name} has no active mailbox; add one with `outrider mailboxes add`, "
                "and name it in the sequence file or with --mailbox."
            )
        new = campaigns.activate(tx, campaign.id)
        if new:
            emit(tx, CampaignOpened(campaign_id=campaign.id), key=f"{campaign.id}:{uuid4()}")
            _audit(tx, "activate", campaign, reason=None)
    out.print(f"Campaign {name} is {'now' if new else 'already'} active.")


@app.command("pause")
def pause(name: Name, tenant: Tenant, reason: Reason) -> None:
    """Send nothing more of a campaign until it is activated again; what is planned waits."""
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        campaign = _campaign(tx, name)
        if campaign.status is CampaignStatus.DRAFT:
            raise Permanent(f"{name} was never activated.")
        new = campaigns.pause(tx, campaign.id, reason)
        if new:
            _audit(tx, "pause", campaign, reason=reason)
    out.print(f"Campaign {name} is {'now' if new else 'already'} paused.")


@app.command("stop")
def stop(email: str, tenant: Tenant, reason: Reason) -> None:
    """End whatever sequence a lead is in, for good, e.g. one that is held by a step that failed."""
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        lead = leads.get_by_email(tx, email)
        stopped = enrollments.stop_all_of_lead(tx, lead.id, StopReason.OPERATOR, by=whoami())
        if not stopped:
            raise Permanent(f"email: {email} is in no sequence.")
        audit.record(tx, operator=whoami(), action="stop", resource_type="lead",
                     resource_id=str(lead.id), reason=reason)  # fmt: skip
    out.print(f"{email} gets nothing more of it.", highlight=False)


@app.command("status")
def status(name: Name, tenant: Tenant, as_json: Json = False) -> None:
    """Show enrollments by status, steps by outcome, what is due next, and who waits for a person."""
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        show_status(tx, _campaign(tx, name), as_json=as_json)


@app.command("preview")
def preview(
    name: Name,
    lead: Annotated[str, typer.Argument(help="The lead's e-mail address.")],
    tenant: Tenant,
    as_json: Json = False,
) -> None:
    """Show the mails that a lead would get as they would go, when, and why then. Sends nothing."""
    with open_database() as (database, settings), database.tenant(_tenant(database, tenant)) as tx:
        lead_id = campaign_reports.find_lead(tx, lead)
        if lead_id is None:
            raise NoSuchRow("lead", lead)
        mails = preview_of(tx, _campaign(tx, name), lead_id, base=settings.link_base)
    show_preview(mails, as_json=as_json)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent(f"--sequence: {file} cannot be read as UTF-8 text: {error}.") from None


def _tenant(database: Database, slug: str) -> UUID:
    with database.hat("operator") as tx:
        return all_tenants.get_by_slug(tx, slug).id


def _campaign(tx: Tx, name: str) -> Campaign:
    found = campaigns.find_by_name(tx, name)
    if found is None:
        raise NoSuchRow("campaign", name)
    return found


def _create(tx: Tx, name: str, told: CampaignIn, addresses: Sequence[str]) -> Campaign:
    if not name.strip() or campaigns.find_by_name(tx, name):
        raise Permanent(f"name: {name!r} is empty, or the name of another campaign.")
    senders = {mailbox.email.lower(): mailbox.id for mailbox in mailboxes.list_all(tx)}
    if strangers := [one for one in addresses if one.lower() not in senders]:
        raise Permanent(
            f"mailboxes: the tenant has no {strangers[0]}; see `outrider mailboxes list`."
        )
    sequence_id = sequences.add(
        tx,
        name,
        [
            SequenceStep(number, step.delay_days, step.subject, step.body)
            for number, step in enumerate(told.steps, start=1)
        ],
    )
    made = campaigns.add(
        tx,
        NewCampaign(name, sequence_id, told.min_score, told.daily_new_leads, told.window.window()),
    )
    assert made
    campaigns.add_mailboxes(tx, made.id, [senders[one.lower()] for one in addresses])
    _audit(tx, "create", made, reason=None)
    return made


def _audit(tx: Tx, action: str, campaign: Campaign, *, reason: str | None) -> None:
    audit.record(tx, operator=whoami(), action=f"campaign.{action}", resource_type="campaign",
                 resource_id=str(campaign.id), reason=reason)  # fmt: skip
