"""Table `users`, as identities: who a token speaks of, and who may open support sessions."""

from dataclasses import dataclass
from uuid import UUID

from db.pool import Tx
from db.tenants import NameTaken
from db.users import LOCAL, check_identity
from schemas.errors import NoSuchRow


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in, whatever the tenant."""

    id: UUID
    email: str
    auth_provider: str
    auth_subject: str
    is_operator: bool


def get(tx: Tx, email: str) -> Person:
    """As `find`; raises NoSuchRow."""
    person = find(tx, email)
    if person is None:
        raise NoSuchRow("user", email)
    return person


def find(tx: Tx, email: str) -> Person | None:
    """A person by their address, whatever its case."""
    return tx.find(
        Person,
        """
        SELECT id, email, auth_provider, auth_subject, is_operator FROM outrider.users
         WHERE outrider.norm_email(email) = outrider.norm_email(%(email)s) AND deleted_at IS NULL
        """,
        {"email": email},
    )


def link(tx: Tx, user_id: UUID, *, provider: str, subject: str) -> None:
    """From now on tokens of this issuer and subject, and no others, are this person's; idempotent.

    Raises NameTaken when they are somebody else's.
    """
    check_identity(provider, subject)
    linked = tx.run(
        """
        UPDATE outrider.users u SET auth_provider = %(provider)s, auth_subject = %(subject)s
         WHERE u.id = %(id)s AND NOT EXISTS (
               SELECT 1 FROM outrider.users o
                WHERE o.auth_provider = %(provider)s AND o.auth_subject = %(subject)s AND o.id <> u.id)
        """,
        {"id": user_id, "provider": provider, "subject": subject},
    )
    if not linked:
        raise NameTaken("auth_subject: this provider's subject belongs to somebody else.")


def appoint(tx: Tx, user_id: UUID, *, operator: bool) -> None:
    """Let a person open support sessions, or no more: live ones read nothing from then on."""
    tx.run(
        "UPDATE outrider.users SET is_operator = %(operator)s WHERE id = %(id)s",
        {"id": user_id, "operator": operator},
    )


def sign_in(tx: Tx, subject: str, provider: str = LOCAL) -> None:
    """Ask as this person until the transaction ends; for the client's hat."""
    tx.run(
        """
        SELECT set_config('outrider.subject', %(subject)s, true),
               set_config('outrider.provider', %(provider)s, true)
        """,
        {"subject": subject, "provider": provider},
    )
