"""Makes a mailbox and keeps its password, sealed. Refuses an address twice.

A secret is written under another hat than a tenant's rows, so in a transaction of its own: the
secret first, for a mailbox without it would be paused by its first login.
"""

from uuid import UUID

from db import Database, audit, credentials, mailboxes
from db.mailboxes import Mailbox, NewMailbox
from db.tenants import NameTaken
from schemas.errors import Permanent
from telemetry.secrets import Keyring, Purpose
from workers.mail_servers import password_of


def create(
    database: Database,
    keyring: Keyring,
    tenant_id: UUID,
    new: NewMailbox,
    *,
    password: str | None,
    operator: str,
) -> None:
    """Make `new` a mailbox of the tenant; audited.

    Raises NameTaken, or Permanent when there is a username and no password, or the other way round.
    """
    if (new.username is None) != (password is None):
        raise Permanent("password: give a username and a password, or neither.")
    with database.tenant(tenant_id) as tx:
        if mailboxes.find_by_email(tx, new.email):
            raise NameTaken(f"email: {new.email} is a mailbox already.")
    if password is not None:
        _keep(database, keyring, Purpose(tenant_id, "mailbox", new.id, "password"), password)
    with database.tenant(tenant_id) as tx:
        mailboxes.add(tx, new)
    _note(database, tenant_id, new.id, "create", operator)


def change_password(
    database: Database, keyring: Keyring, mailbox: Mailbox, password: str, *, operator: str
) -> None:
    """Replace a mailbox's password; audited. Raises Permanent for one that logs in as nobody."""
    if mailbox.username is None:
        raise Permanent(f"password: {mailbox.email} has no username, so no password is asked for.")
    _keep(database, keyring, password_of(mailbox), password)
    _note(database, mailbox.tenant_id, mailbox.id, "change_password", operator)


def _keep(database: Database, keyring: Keyring, purpose: Purpose, password: str) -> None:
    if not password:
        raise Permanent("password: it is empty.")
    with database.hat("operator") as tx:
        credentials.put(tx, purpose, sealed=keyring.seal(password.encode(), purpose))


def _note(
    database: Database, tenant_id: UUID, mailbox_id: UUID, action: str, operator: str
) -> None:
    with database.hat("operator") as tx:
        audit.record(tx, tenant_id=tenant_id, operator=operator, action=f"mailbox.{action}",
                     resource_type="mailbox", resource_id=str(mailbox_id), reason=None)  # fmt: skip
