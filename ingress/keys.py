"""Signing keys of webhook sources: made once, shown once, stored sealed."""

import base64
from dataclasses import dataclass, field
from uuid import UUID

from db import Database, audit, credentials, tenants, webhooks
from ingress.signatures import new_secret
from telemetry.secrets import Keyring, Purpose


@dataclass(frozen=True, slots=True)
class NewKey:
    """A source and its secret, for the sender; nobody can read the secret again."""

    source: str
    secret: str = field(repr=False)


def create(
    database: Database,
    keyring: Keyring,
    *,
    tenant_slug: str,
    source: str,
    operator: str = "unknown",
) -> NewKey:
    """Open the address `/webhooks/leads/<source>` for a tenant, and make its secret; audited.

    Raises NoSuchRow for the tenant, NameTaken for a source that exists, Permanent for a bad name.
    """
    secret = new_secret()
    with database.hat("operator") as tx:
        tenant = tenants.get_by_slug(tx, tenant_slug)
        made = webhooks.add_source(tx, tenant_id=tenant.id, slug=source)
        use = purpose(tenant.id, made.id)
        raw = base64.b64decode(secret.removeprefix("whsec_"))
        credentials.add(tx, use, sealed=keyring.seal(raw, use))
        audit.record(
            tx,
            tenant_id=tenant.id,
            operator=operator,
            action="create",
            resource_type="webhook_source",
            resource_id=str(made.id),
            reason=None,
        )
    return NewKey(source, secret)


def purpose(tenant_id: UUID, source_id: UUID) -> Purpose:
    """What a source's signing secret is sealed for."""
    return Purpose(tenant_id, "webhook_source", source_id, "hmac_secret")
