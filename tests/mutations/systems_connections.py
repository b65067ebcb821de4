"""What makes the working rows about connections true, and how to take it away."""

from tests.mutations.guards import Guard, guard
from tests.mutations.trial import Edit

CONNECTIONS: tuple[Guard, ...] = (
    guard(30, "a vendor's refusal is written down", Edit(
        "workers/connected.py",
        """        integrations.record_check(tx, found.id, status, error=str(refused))""",
        """        del status""")),
    guard(30, "what waits for a new secret burns no attempt", Edit(
        "workers/connected.py",
        """        raise Unconnected(provider, str(refused)) from None""",
        """        raise Transient(str(refused)) from None""")),
    guard(30, "a login that is refused waits for another password", Edit(
        "workers/sequencing.py",
        """            stop = mailboxes.need_reauth if refusal.is_of_the_login else mailboxes.pause""",
        """            stop = mailboxes.pause""")),
    guard(30, "one mailbox's refusal pauses that mailbox alone", Edit(
        "db/mailboxes.py",
        """                   reauth_at = outrider.now()
             WHERE id = %(id)s AND status""",
        """                   reauth_at = outrider.now()
             WHERE status""")),
    guard(30, "a CRM that refuses the token is told nothing until it takes one", Edit(
        "workers/crm.py",
        """            crm_connections.need_reauth(tx, batch.connection.id, str(refused))""",
        """            pass""")),
    guard(30, "what waited goes on when it is connected again", Edit(
        "workers/integration_setup.py",
        """        integrations.wake(tx, wanted.provider)""",
        """        pass""")),
)  # fmt: skip
