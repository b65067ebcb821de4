"""People: accepted members of a tenant, once each."""

from uuid import UUID

import psycopg
import pytest

from db import Database, tenants, users
from db.tenants import NameTaken
from schemas.enums import MembershipRole
from schemas.errors import Permanent


def add(
    database: Database,
    tenant: UUID,
    *,
    email: str = "ada@example.org",
    subject: str = "auth0|1",
    role: MembershipRole = MembershipRole.ADMIN,
) -> users.Member:
    with database.hat("operator") as tx:
        return users.add(
            tx, email=email, full_name="Ada", tenant_id=tenant, role=role, auth_subject=subject
        )


def test_a_new_person_is_an_accepted_member(database: Database, tenant: UUID):
    ada = add(database, tenant, email="Ada@EXAMPLE.org")
    assert (ada.email, ada.role) == ("Ada@example.org", MembershipRole.ADMIN)
    assert ada.accepted_at is not None
    with database.hat("operator") as tx:
        assert users.list_members(tx, tenant) == [ada]


def test_a_member_sees_the_tenant_and_a_stranger_does_not(
    dsn: str, database: Database, tenant: UUID
):
    add(database, tenant)
    for subject, seen in (("auth0|1", 1), ("auth0|2", 0)):
        with psycopg.connect(dsn) as conn:
            conn.execute("SELECT set_config('role', 'outrider_client', true)")
            conn.execute("SELECT set_config('outrider.subject', %s, true)", (subject,))
            assert conn.execute("SELECT count(*) FROM outrider.tenants").fetchone() == (seen,)


def test_one_person_may_belong_to_two_tenants(database: Database, tenant: UUID):
    with database.hat("operator") as tx:
        beta = tenants.add(tx, name="Beta", slug="beta").id
    first = add(database, tenant)
    second = add(database, beta, email="ADA@example.org", role=MembershipRole.VIEWER)
    assert first.id == second.id
    assert second.role is MembershipRole.VIEWER


@pytest.mark.parametrize(
    ("email", "subject", "sentence"),
    [
        ("ada@example.org", "auth0|1", "is a member of the tenant already"),
        ("ada@example.org", "auth0|2", "belongs to somebody else"),
        ("eve@example.org", "auth0|1", "belongs to somebody else"),
    ],
)
def test_a_person_twice_is_refused(
    database: Database, tenant: UUID, email: str, subject: str, sentence: str
):
    ada = add(database, tenant)
    with pytest.raises(NameTaken, match=f"^email: .*{sentence}"):
        add(database, tenant, email=email, subject=subject)
    with database.hat("operator") as tx:
        assert users.list_members(tx, tenant) == [ada]


def test_wrong_input_names_the_field(database: Database, tenant: UUID):
    with pytest.raises(Permanent, match=r"^email: is not an e-mail address"):
        add(database, tenant, email="ada")
    with pytest.raises(Permanent, match=r"^auth_subject: "):
        add(database, tenant, subject=" ")
