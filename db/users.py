"""Tables `users` and `memberships`: people, and in which tenants they may do what."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Tx
from db.tenants import NameTaken
from schemas.addresses import normalize
from schemas.enums import MembershipRole
from schemas.errors import NoSuchRow, Permanent

LOCAL = "local"
"""The provider of people whose tokens name no issuer."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person as one tenant sees them."""

    id: UUID
    email: str
    full_name: str | None
    role: MembershipRole
    accepted_at: datetime | None
    auth_provider: str
    auth_subject: str
    is_operator: bool

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
    auth_provider: str = LOCAL,
    accepted: bool = True,
) -> Member:
    """Make a person a member of a tenant, or one who has yet to accept; needs the operator's hat.

    `auth_provider` and `auth_subject` are the issuer and the subject of the person's tokens, who may
    be in other tenants already.
    Raises NameTaken when they are in this one, or when address and subject belong to two people;
    Permanent for what is no address.
    """
    user_id = find_or_add(tx, email, full_name, provider=auth_provider, subject=auth_subject)
    joined = tx.run(
        """
        INSERT INTO outrider.memberships (tenant_id, user_id, role, accepted_at)
        VALUES (%(tenant)s, %(user)s, %(role)s::outrider.membership_role,
                CASE WHEN %(accepted)s THEN outrider.now() END)
        ON CONFLICT DO NOTHING
        """,
        {"tenant": tenant_id, "user": user_id, "role": role, "accepted": accepted},
    )
    if not joined:
        raise NameTaken("email: this person is a member of the tenant already.")
    return next(member for member in list_members(tx, tenant_id) if member.id == user_id)


def check_identity(provider: str, subject: str) -> None:
    """Raise Permanent unless a token could say this, exactly so: a slash at its end is another issuer."""
    if not provider or provider != provider.strip():
        raise Permanent("auth_provider: give the issuer (iss) of this person's tokens, or 'local'.")
    if not subject or subject != subject.strip():
        raise Permanent("auth_subject: give the identity provider's id of this person.")


def find_or_add(tx: Tx, email: str, full_name: str | None, *, provider: str, subject: str) -> UUID:
    """The person of this address who signs in so, made when unknown, in no tenant; needs the operator's hat.

    Raises NameTaken when address and subject belong to two people; Permanent for what is no address.
    """
    try:
        address = normalize(email)
    except ValueError as error:
        raise Permanent(f"email: {error}") from None
    check_identity(provider, subject)
    person = {"email": address, "name": full_name, "provider": provider, "subject": subject}
    added = tx.value(
        """
        INSERT INTO outrider.users (email, full_name, auth_provider, auth_subject)
        VALUES (%(email)s, %(name)s, %(provider)s, %(subject)s) ON CONFLICT DO NOTHING RETURNING id
        """,
        person,
    )
    known = added or tx.value(
        """
        SELECT id FROM outrider.users
         WHERE auth_provider = %(provider)s AND auth_subject = %(subject)s AND deleted_at IS NULL
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
        SELECT u.id, u.email, u.full_name, m.role, m.accepted_at, u.auth_provider, u.auth_subject,
               u.is_operator
          FROM outrider.memberships m JOIN outrider.users u ON u.id = m.user_id
         WHERE m.tenant_id = %(tenant)s AND m.deleted_at IS NULL AND u.deleted_at IS NULL
         ORDER BY outrider.norm_email(u.email)
        """,
        {"tenant": tenant_id},
    )


def accept(tx: Tx, tenant_id: UUID, user_id: UUID) -> bool:
    """From now on the person sees the tenant; False when they did already. Raises NoSuchRow."""
    member = _member(tx, tenant_id, user_id)
    tx.run(
        """
        UPDATE outrider.memberships SET accepted_at = outrider.now()
         WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND deleted_at IS NULL
           AND accepted_at IS NULL
        """,
        {"tenant": tenant_id, "user": user_id},
    )
    return member.accepted_at is None


def remove(tx: Tx, tenant_id: UUID, user_id: UUID) -> None:
    """The person sees the tenant no more, and may be added anew. Raises NoSuchRow."""
    _member(tx, tenant_id, user_id)
    tx.run(
        """
        UPDATE outrider.memberships SET deleted_at = outrider.now()
         WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND deleted_at IS NULL
        """,
        {"tenant": tenant_id, "user": user_id},
    )


def _member(tx: Tx, tenant_id: UUID, user_id: UUID) -> Member:
    for member in list_members(tx, tenant_id):
        if member.id == user_id:
            return member
    raise NoSuchRow("member", user_id)
