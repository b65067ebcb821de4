"""An account of a vendor as an actor uses it: with a secret that works, or the job waits for one.

A refusal makes the connection `needs_reauth`, and from then on whoever needs it waits without a call
and without burning an attempt, until somebody connects it again. Nothing else of the tenant waits.
"""

import contextlib
from collections.abc import Generator
from datetime import timedelta
from uuid import UUID

from db import Database, Tx, clock, credentials, integrations
from db.integrations import Integration
from providers.ports import KeyChecker, VendorAccount
from schemas.enums import IntegrationStatus
from schemas.errors import Busy, JobError, NeedsReauth, Permanent, Transient, Unconnected
from schemas.integrations import VENDORS, vendor
from telemetry.secrets import Purpose, Sealed
from workers.context import Context


def purpose_of(found: Integration) -> Purpose:
    """What an integration's secret is sealed for."""
    kind = VENDORS[found.provider].kind
    return Purpose(found.tenant_id, "integration", found.id, kind)


def account(tx: Tx, found: Integration) -> VendorAccount:
    """Where and with which secret the vendor is asked.

    Raises NeedsReauth when there is no secret or its time is over.
    """
    purpose = purpose_of(found)
    box = credentials.find(tx, purpose)
    if box is None:
        raise NeedsReauth(
            "credential: there is none; give one with `outrider integrations connect`."
        )
    ends = credentials.expires_at(tx, purpose)
    if ends and ends <= clock.read(tx):
        raise NeedsReauth(f"credential: it expired on {ends:%Y-%m-%d}.")
    return VendorAccount(vendor(found.provider), found.base_url, Sealed(box, purpose))


@contextlib.contextmanager
def using(ctx: Context, provider: str) -> Generator[tuple[Integration, VendorAccount]]:
    """The job's tenant's account at a provider, for the calls of the block.

    Raises Permanent when the tenant never connected one, and Unconnected when it does not work now
    or the block finds that out, by NeedsReauth.
    """
    with ctx.transaction() as tx:
        found = integrations.find(tx, provider)
    if found is None:
        raise Permanent(
            f"integration: {provider} is not connected; `outrider integrations connect`."
        )
    if found.status is not IntegrationStatus.CONNECTED:
        raise Unconnected(provider, found.status_reason or found.status.value)
    mine: VendorAccount | None = None
    try:
        with ctx.transaction() as tx:
            mine = account(tx, found)
        yield found, mine
    except NeedsReauth as refused:
        _note(ctx, found, mine, refused)
        raise Unconnected(provider, str(refused)) from None


def _note(
    ctx: Context, found: Integration, mine: VendorAccount | None, refused: NeedsReauth
) -> None:
    with ctx.transaction() as tx:
        if _was_replaced(tx, mine):
            raise Busy(f"{found.provider}: the secret was replaced.", retry_after=timedelta(0))
        status = IntegrationStatus.NEEDS_REAUTH
        integrations.record_check(tx, found.id, status, error=str(refused))
    ctx.log.warning("integration.refused", integration_id=str(found.id), reason=str(refused))


def _was_replaced(tx: Tx, used: VendorAccount | None) -> bool:
    """Whether there is another secret now than the one that an answer is about."""
    return used is not None and credentials.find(tx, used.secret.purpose) != used.secret.box


def check(database: Database, keys: KeyChecker, tenant_id: UUID, found: Integration) -> JobError | None:  # fmt: skip
    """Ask the vendor, and write down what that means; None when the secret is taken.

    A hiccup or a limit of theirs leaves a working connection as it is, with the error beside it.
    What waited for one that works again goes on.
    """
    error: JobError | None = None
    mine: VendorAccount | None = None
    try:
        with database.tenant(tenant_id) as tx:
            mine = account(tx, found)
        keys.check(mine)
    except (Transient, Permanent) as trouble:
        error = trouble
    status = _status(found, error)
    with database.tenant(tenant_id) as tx:
        if status is IntegrationStatus.CONNECTED is not found.status:
            integrations.wake(tx, found.provider)
        if not _was_replaced(tx, mine):
            integrations.record_check(tx, found.id, status, error=str(error) if error else None)
    return error


def _status(found: Integration, error: JobError | None) -> IntegrationStatus:
    if error is None:
        return IntegrationStatus.CONNECTED
    if isinstance(error, NeedsReauth):
        return IntegrationStatus.NEEDS_REAUTH
    return found.status if isinstance(error, Transient) else IntegrationStatus.ERROR
