"""Who a token speaks of: a provider and a subject. What cannot be understood is nobody."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Database, Tx, identities, users
from schemas.enums import MembershipRole
from schemas.errors import Permanent
from tests.factories import capture, tenant_called

CLERK = "https://clerk.acme.test"
SUPABASE = "https://acme.supabase.co/auth/v1"


@pytest.fixture
def people(database: Database, tenant: UUID) -> dict[str, UUID]:
    """Three tenants with a lead and a member each; two members have the same subject."""
    tenants = {CLERK: tenant, SUPABASE: tenant_called(database, "two"),
               "local": tenant_called(database, "three")}  # fmt: skip
    for number, (provider, tenant_id) in enumerate(tenants.items()):
        subject = "user_2abc" if provider != SUPABASE else "6f1c2a34-0000-4000-8000-000000000001"
        with database.hat("operator") as tx:
            users.add(tx, email=f"p{number}@x.test", full_name=None, tenant_id=tenant_id,
                      role=MembershipRole.OWNER, auth_provider=provider, auth_subject=subject)  # fmt: skip
        with database.tenant(tenant_id) as tx:
            capture(tx, f"lead{number}@x.test")
    return tenants


def seen(tx: Tx) -> set[Any]:
    leads = {row[0] for row in tx.conn.execute("SELECT tenant_id FROM outrider.leads")}
    ids = {row[0] for row in tx.conn.execute("SELECT outrider.get_user_client_ids()")}
    assert leads == ids
    return leads


def with_claims(database: Database, claims: str) -> set[Any]:
    with database.hat("client") as tx:
        tx.run("SELECT set_config('request.jwt.claims', %(c)s, true)", {"c": claims})
        return seen(tx)


@pytest.mark.system(23)
def test_a_clerk_subject_opens_its_own_tenant_only(
    database: Database, people: dict[str, UUID]
) -> None:
    """With a Clerk subject in the JWT claims only that user's tenant is visible"""
    clerk = {"iss": CLERK, "sub": "user_2abc", "sid": "sess_1", "azp": "https://app.acme.test"}
    assert with_claims(database, json.dumps(clerk)) == {people[CLERK]}
    for other in ({"sub": "user_2abd"}, {"iss": "https://clerk.evil.test"}, {"iss": SUPABASE}):
        assert with_claims(database, json.dumps(clerk | other)) == set()


def test_supabase_and_issuerless_tokens_and_settings_name_one_person_each(
    database: Database, people: dict[str, UUID]
) -> None:
    supabase = {"iss": SUPABASE, "sub": "6f1c2a34-0000-4000-8000-000000000001", "role": "anon"}
    assert with_claims(database, json.dumps(supabase)) == {people[SUPABASE]}
    assert with_claims(database, '{"sub": "user_2abc"}') == {people["local"]}, "NextAuth has no iss"
    for provider, tenant_id in ((CLERK, people[CLERK]), ("local", people["local"])):
        with database.hat("client") as tx:
            identities.sign_in(tx, "user_2abc", provider)
            assert seen(tx) == {tenant_id}


BROKEN = [
    "", "{", "nonsense", "null", "[]", '"user_2abc"', '["user_2abc"]', "{}", '{"sub": null}',
    '{"sub": ""}', '{"sub": 5}', '{"sub": {"sub": "user_2abc"}}', '{"sub": ["user_2abc"]}',
    '{"sub": "user_2abc", "iss": 7}', '{"sub": "user_2abc", "iss": null}',
    '{"sub": "user_2abc", "iss": ""}', '{"sub": "USER_2ABC"}', '{"sub": "user_2abc "}',
    '{"sub": "a\\u0000b"}', "[" * 9000, '{"sub": "user_2abc"} {}',
]  # fmt: skip


def test_broken_claims_are_nobody_and_no_error(database: Database, people: dict[str, UUID]) -> None:
    for claims in BROKEN:
        assert with_claims(database, claims) == set(), claims


NAMES = st.sampled_from(["sub", "iss", "aud", ""])
WORDS = st.sampled_from(["user_2abd", "", CLERK, "local", "\u00e9", "' OR true --"]) | st.text(
    max_size=8
)
CLAIMS = st.dictionaries(NAMES, WORDS | st.none() | st.integers() | st.lists(WORDS, max_size=2))


@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    claims=CLAIMS.map(json.dumps)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
)
def test_no_claims_but_the_right_ones_open_anything(
    database: Database, people: dict[str, UUID], claims: str
) -> None:
    assert with_claims(database, claims) == set()


def test_a_person_sees_the_own_row_alone(database: Database, people: dict[str, UUID]) -> None:
    with database.hat("client") as tx:
        identities.sign_in(tx, "user_2abc", CLERK)
        assert tx.conn.execute("SELECT email FROM outrider.users").fetchall() == [("p0@x.test",)]


@pytest.mark.parametrize("provider", ["", " https://x.test"])
def test_a_provider_is_said_letter_by_letter(
    database: Database, tenant: UUID, provider: str
) -> None:
    with pytest.raises(Permanent, match=r"^auth_provider: "), database.hat("operator") as tx:
        users.add(tx, email="a@x.test", full_name=None, tenant_id=tenant, auth_subject="s",
                  role=MembershipRole.OWNER, auth_provider=provider)  # fmt: skip
