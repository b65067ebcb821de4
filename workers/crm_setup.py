"""Connects a tenant's CRM and keeps its token, sealed. Refuses a token that the CRM refuses."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from db import (
    Database,
    Tx,
    audit,
    credentials,
    crm_connections,
    crm_links,
    crm_mappings,
    crm_outbox,
)
from db.crm_connections import Connection
from pipelines.engine import emit
from providers.ports import Crm, CrmAccount
from schemas.crm_fields import HUBSPOT, FieldMapping
from schemas.errors import Permanent
from schemas.events import ContactsLeft
from telemetry.secrets import Keyring, Sealed
from workers.crm_batches import account, token_of

PROVIDER = "hubspot"


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection that works: whether it is new, and the default fields that the CRM has not."""

    id: UUID
    new: bool
    missing: tuple[str, ...]


def connect(
    database: Database,
    keyring: Keyring,
    crm: Crm,
    tenant_id: UUID,
    *,
    base_url: str,
    token: str,
    operator: str,
) -> Connected:
    """Connect HubSpot, or connect it again with another token; audited. What waited is told.

    A new connection starts with the default mappings, as far as the CRM has their fields. Raises
    NeedsReauth when the CRM refuses the token, and whatever else asking it raises; then nothing is
    changed.
    """
    if not token.isascii() or not token.strip():
        raise Permanent("token: it is empty, or no token; copy it from the private app's page.")
    with database.tenant(tenant_id) as tx:
        known = crm_connections.find_by_provider(tx, PROVIDER)
        connection_id = known.id if known else crm_connections.new_id(tx)
    purpose = token_of(tenant_id, connection_id)
    sealed = keyring.seal(token.strip().encode(), purpose)
    theirs = crm.fields(CrmAccount(base_url, Sealed(sealed, purpose)))
    # The secret first, under the hat that may write it: a connection without one is of no use.
    with database.hat("operator") as tx:
        credentials.put(tx, purpose, sealed=sealed)
        audit.record(tx, tenant_id=tenant_id, operator=operator, action="crm.connect",
                     resource_type="crm_connection", resource_id=str(connection_id), reason=None)  # fmt: skip
    with database.tenant(tenant_id) as tx:
        new = crm_connections.add(tx, connection_id, provider=PROVIDER, base_url=base_url)
        if new:
            defaults = [row for row in HUBSPOT if row.remote_field in theirs]
            crm_mappings.put_all(tx, connection_id, defaults)
        crm_connections.reconnect(tx, connection_id, base_url=base_url)
        missing = missing_fields(crm_mappings.list_of(tx, connection_id), theirs)
        wake(tx)
    unmapped = [row.remote_field for row in HUBSPOT if row.remote_field not in theirs]
    return Connected(connection_id, new, tuple(unmapped if new else missing))


def missing_fields(mappings: list[FieldMapping], theirs: frozenset[str]) -> list[str]:
    """Mapped fields that the CRM has not, or lets nobody write: every push would be refused."""
    return [row.remote_field for row in mappings if row.remote_field not in theirs]


def check(database: Database, crm: Crm, connection: Connection) -> list[str]:
    """Ask the CRM with the token we keep; the mapped fields it has not. Raises as `connect`."""
    with database.tenant(connection.tenant_id) as tx:
        kept = account(tx, connection)
        mappings = crm_mappings.list_of(tx, connection.id)
    return missing_fields(mappings, crm.fields(kept))


def push(tx: Tx, connection: Connection, *, everything: bool) -> int:
    """Wake the collector, after queueing every lead anew if asked; how many leads wait now."""
    if everything:
        crm_links.forget(tx, connection.id)
        crm_outbox.queue_all(tx, connection.id)
    wake(tx)
    return crm_outbox.count(tx, connection.id)


def wake(tx: Tx) -> None:
    """Leads are left to be told: the collector comes soon."""
    emit(tx, ContactsLeft(), key=str(uuid4()))
