"""Tables `users` and `memberships`: people, and in which tenants they may do what."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Tx
from db.tenants import NameTaken
from schemas.addresses import normalize
from schemas.enums import MembershipRole
from schemas.errors import Permanent


@dataclass(frozen=True, slots=True)
class Member:
    """A person as one tenant sees them."""

    id: UUID
    email: str
    full_name: str | None
    role: MembershipRole
    accepted_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "role", MembershipRole(self.role))


def add(
    tx: Tx,
    *,
    email: str,
    full_name: str | None,
    tenant_id: UUID,
    role: MembershipRole,
    auth_subject: str,
) -> Member:
    """Make a person an accepted member of a tenant; needs the operator's hat.

    `auth_subject` is the identity provider's id of the person, who may be in other tenants already.
    Raises NameTaken when they are in this one, or when address and subject belong to two people;
    Permanent for what is no address.
    """
    try:
        address = normalize(email)
    except ValueError as error:
        raise Permanent(f"email: {error}") from None
    if not auth_subject.strip():
        raise Permanent("auth_subject: give the identity provider's id of this person.")
    user_id = _find_or_add(tx, address, full_name, auth_subject.strip())
    joined = tx.run(
        """
        INSERT INTO outrider.memberships (tenant_id, user_id, role, accepted_at)
        VALUES (%(tenant)s, %(user)s, %(role)s::outrider.membership_role, outrider.now())
        ON CONFLICT DO NOTHING
        """,
        {"tenant": tenant_id, "user": user_id, "role": role},
    )
    if not joined:
        raise NameTaken("email: this person is a member of the tenant already.")
    return next(member for member in list_members(tx, tenant_id) if member.id == user_id)


def _find_or_add(tx: Tx, address: str, full_name: str | None, subject: str) -> UUID:
    person = {"email": address, "name": full_name, "subject": subject}
    added = tx.value(
        """
        INSERT INTO outrider.users (email, full_name, auth_subject)
        VALUES (%(email)s, %(name)s, %(subject)s) ON CONFLICT DO NOTHING RETURNING id
        """,
        person,
    )
    known = added or tx.value(
        """
        SELECT id FROM outrider.users
         WHERE auth_provider = 'local' AND auth_subject = %(subject)s AND deleted_at IS NULL
           AND outrider.norm_email(email) = outrider.norm_email(%(email)s)
        """,
        person,
    )
    if not isinstance(known, UUID):
        raise NameTaken("email: the address or the subject belongs to somebody else.")
    return known


def list_members(tx: Tx, tenant_id: UUID) -> list[Member]:
    """The people of a tenant, by address; those who left are gone."""
    return tx.list(
        Member,
        """
        SELECT u.id, u.email, u.full_name, m.role, m.accepted_at
          FROM outrider.memberships m JOIN outrider.users u ON u.id = m.user_id
         WHERE m.tenant_id = %(tenant)s AND m.deleted_at IS NULL AND u.deleted_at IS NULL
         ORDER BY outrider.norm_email(u.email)
        """,
        {"tenant": tenant_id},
    )
