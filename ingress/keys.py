"""Signing keys of webhook sources: made once, shown once, stored sealed."""

import base64
from dataclasses import dataclass, field
from uuid import UUID

from db import Database, audit, credentials, mailboxes, tenants, webhooks
from db.webhooks import Takes
from ingress.signatures import new_secret
from telemetry.secrets import Keyring, Purpose

_PATHS: dict[Takes, str] = {
    "leads": "/webhooks/leads", "mails": "/webhooks/mail", "imports": "/imports",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewKey:
    """A source and its secret, for the sender; nobody can read the secret again."""

    source: str
    secret: str = field(repr=False)
    path: str = ""


def create(
    database: Database,
    keyring: Keyring,
    *,
    tenant_slug: str,
    source: str,
    takes: Takes = "leads",
    mailbox: str | None = None,
    operator: str = "unknown",
) -> NewKey:
    """Open an address for leads or for mails of a tenant, and make its secret; audited.

    `mailbox` is the one whose mails a source posts. Raises NoSuchRow for the tenant or the mailbox, NameTaken for a source that exists, Permanent for a bad name.
    """
    secret = new_secret()
    mailbox_id = _mailbox(database, tenant_slug, mailbox) if mailbox else None
    with database.hat("operator") as tx:
        tenant = tenants.get_by_slug(tx, tenant_slug)
        made = webhooks.add_source(
            tx, tenant_id=tenant.id, slug=source, takes=takes, mailbox_id=mailbox_id
        )
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
    return NewKey(source, secret, f"{_PATHS[takes]}/{source}")


def revoke(
    database: Database, *, tenant_slug: str, source: str, reason: str, operator: str
) -> bool:
    """Close a source's address and destroy its secret; audited. False when that was so already.

    From the commit on, the address answers as one that never was. Raises NoSuchRow for the tenant or
    the source.
    """
    with database.hat("operator") as tx:
        tenant = tenants.get_by_slug(tx, tenant_slug)
        closed = webhooks.revoke(tx, tenant.id, source)
        had_secret = credentials.remove(tx, purpose(tenant.id, closed.id))
        audit.record(
            tx,
            tenant_id=tenant.id,
            operator=operator,
            action="revoke",
            resource_type="webhook_source",
            resource_id=str(closed.id),
            reason=reason,
        )
    return had_secret


def _mailbox(database: Database, tenant_slug: str, email: str) -> UUID:
    with database.hat("operator") as tx:
        tenant_id = tenants.get_by_slug(tx, tenant_slug).id
    with database.tenant(tenant_id) as tx:
        return mailboxes.get_by_email(tx, email).id


def purpose(tenant_id: UUID, source_id: UUID) -> Purpose:
    """What a source's signing secret is sealed for."""
    return Purpose(tenant_id, "webhook_source", source_id, "hmac_secret")
