"""`outrider suppress`: who must never be written to, by an operator's word."""

from typing import Annotated
from uuid import UUID

import typer

from db import Database, Tx, audit, enrollments, leads, suppressions, tenants
from schemas.addresses import ascii_domain, normalize
from schemas.enums import LeadStatus, StopReason, SuppressionKind, SuppressionReason
from schemas.errors import NoSuchRow, Permanent
from scripts.options import Reason, Tenant
from scripts.output import out
from scripts.session import open_database, whoami

app = typer.Typer(no_args_is_help=True)
Value = Annotated[str, typer.Argument(help="An e-mail address, or a whole domain.")]


@app.command("add")
def add(
    value: Value,
    tenant: Tenant,
    reason: Reason,
    because: Annotated[
        SuppressionReason, typer.Option(help="Which kind of reason it is.")
    ] = SuppressionReason.MANUAL,
) -> None:
    """Never write to an address or a domain again, and stop whatever is under way to an address."""
    kind, clean = _kind(value)
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        stopped = _stop(tx, clean, because) if kind is SuppressionKind.EMAIL else 0
        new = suppressions.add(tx, kind, clean, because, "operator")
        _audit(tx, "suppress", clean, reason)
    out.print(f"{clean} is {'now' if new else 'already'} suppressed; {stopped} sequences stopped.")


@app.command("release")
def release(value: Value, tenant: Tenant, reason: Reason) -> None:
    """Take back a suppression; what was stopped stays stopped."""
    kind, clean = _kind(value)
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        if not suppressions.release(tx, kind, clean, by=whoami(), note=reason):
            raise NoSuchRow("suppression of", clean)
        _audit(tx, "release", clean, reason)
    out.print(f"{clean} is suppressed no more.")


def _kind(value: str) -> tuple[SuppressionKind, str]:
    try:
        if "@" in value:
            return SuppressionKind.EMAIL, normalize(value)
        return SuppressionKind.DOMAIN, ascii_domain(value)
    except ValueError as error:
        raise Permanent(f"value: {value!r} {error}.") from None


def _stop(tx: Tx, email: str, because: SuppressionReason) -> int:
    try:
        lead = leads.get_by_email(tx, email)
    except NoSuchRow:
        return 0
    stopped = enrollments.stop_all_of_lead(tx, lead.id, StopReason.OPERATOR, by=whoami())
    if because is SuppressionReason.UNSUBSCRIBE:
        leads.move(tx, leads.get_locked(tx, lead.id), LeadStatus.UNSUBSCRIBED, cause="operator")
    return stopped


def _audit(tx: Tx, action: str, value: str, reason: str) -> None:
    audit.record(tx, operator=whoami(), action=action, resource_type="suppression",
                 resource_id=value, reason=reason)  # fmt: skip


def _tenant(database: Database, slug: str) -> UUID:
    with database.hat("operator") as tx:
        return tenants.get_by_slug(tx, slug).id
