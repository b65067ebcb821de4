"""Connects an account of a vendor, and takes it away again. Refuses a secret that the vendor refuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db import Database, audit, credentials, integrations
from db.integrations import Integration
from providers.ports import KeyChecker, VendorAccount
from schemas.errors import Permanent
from schemas.integrations import VENDORS, address, vendor
from telemetry.secrets import Keyring, Purpose, Sealed
from workers.connected import purpose_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants connected; `base_url` None: the vendor's own."""

    provider: str
    account: str = ""
    base_url: str | None = None
    metadata: Mapping[str, object] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """An integration that works, and whether it is a new one."""

    id: UUID
    new: bool


def connect(
    database: Database,
    keyring: Keyring,
    keys: KeyChecker,
    tenant_id: UUID,
    wanted: Wanted,
    *,
    secret: str,
    operator: str,
) -> Connected:
    """Connect an account, or give it another secret; audited. What waited for it goes on.

    Asks the vendor first: raises NeedsReauth when it refuses the secret, and whatever else asking
    raises; then nothing is changed.
    """
    asked, base_url = (
        vendor(wanted.provider),
        address(wanted.base_url or vendor(wanted.provider).base_url),
    )
    if not secret.isascii() or not secret.isprintable() or (asked.kind == "login" and ":" not in secret):  # fmt: skip
        form = "USER:PASSWORD" if asked.kind == "login" else "one line of ASCII"
        raise Permanent(f"secret: {wanted.provider} gives out {form}; this is something else.")
    with database.tenant(tenant_id) as tx:
        known = integrations.find(tx, wanted.provider, wanted.account)
        integration_id = known.id if known else integrations.new_id(tx)
    purpose = Purpose(tenant_id, "integration", integration_id, asked.kind)
    sealed = keyring.seal(secret.encode(), purpose)
    keys.check(VendorAccount(asked, base_url, Sealed(sealed, purpose)))
    # The secret first, under the hat that may write it: an integration without one is of no use.
    with database.hat("operator") as tx:
        credentials.put(tx, purpose, sealed=sealed, expires_at=wanted.expires_at)
        audit.record(tx, tenant_id=tenant_id, operator=operator, action="integration.connect",
                     resource_type="integration", resource_id=str(integration_id), reason=None)  # fmt: skip
    with database.tenant(tenant_id) as tx:
        integrations.wake(tx, wanted.provider)
        integrations.put(tx, integration_id, provider=asked.name, category=asked.category,
                         account=wanted.account, base_url=base_url, metadata=wanted.metadata or {})  # fmt: skip
    return Connected(integration_id, known is None)


def disconnect(database: Database, found: Integration, *, reason: str, operator: str) -> None:
    """Use an integration no more, and destroy its secret; audited. Its jobs wait for another one."""
    with database.tenant(found.tenant_id) as tx:
        integrations.disconnect(tx, found.id, reason=reason)
    with database.hat("operator") as tx:
        if found.provider in VENDORS:
            credentials.remove(tx, purpose_of(found))
        audit.record(tx, tenant_id=found.tenant_id, operator=operator, action="integration.disconnect",
                     resource_type="integration", resource_id=str(found.id), reason=reason)  # fmt: skip
