"""Subscriptions: who may say what a tenant may use; a client may not, by any way."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from db import Database, credits, subscriptions
from schemas.enums import SubscriptionStatus
from schemas.errors import Permanent
from tests.db.planted_rows import PLANTED
from tests.factories import tenant_called
from tests.fix_plans import Plans

Peek = Callable[..., list[tuple[Any, ...]]]
ROLES = ("owner", "admin", "member", "viewer")
MONEY = ("plans", "subscriptions", "usage_events", "usage_counters", "credit_accounts",
         "credit_transactions")  # fmt: skip
OWN = (*MONEY, "tenants", "memberships", "users")
FUNCTIONS = (
    "take_usage('mails', 1, 'k')", "refund_usage('mails', 'a')", "open_counter('mails', current_date)",
    "book_credits('grant', 1000, 'k', 'r')", "renew_credits()", "wake_over_plan()", "prune_usage(1)",
)  # fmt: skip


@pytest.fixture
def client(owner_dsn: str, plans: Plans) -> Iterator[psycopg.Connection[Any]]:
    """A connection that is the client's and nothing else; each statement sets who asks."""
    plans.have(mails_month=100, credits_month=5)
    plans.take("a")
    for role in ROLES:
        plans.peek(
            "INSERT INTO outrider.users (auth_subject, email) VALUES (%s, %s || '@acme.test')",
            role,
            role,
        )
        plans.peek("INSERT INTO outrider.memberships (tenant_id, user_id, role, accepted_at) SELECT %s, id, %s::outrider.membership_role, now() FROM outrider.users WHERE auth_subject = %s",
                   plans.tenant, role, role)  # fmt: skip
    with psycopg.connect(owner_dsn, autocommit=True) as conn:
        conn.execute("SET SESSION AUTHORIZATION outrider_client")
        yield conn


@pytest.mark.system(32)
def test_no_role_of_a_client_reaches_what_its_tenant_may_use(
    client: psycopg.Connection[Any], plans: Plans, subtests: pytest.Subtests
) -> None:
    """A client cannot change its own plan, role, credits or usage row through SQL as fleet_client"""
    columns = plans.peek("""
        SELECT table_name::text, column_name::text FROM information_schema.columns
         WHERE table_schema = 'outrider' AND table_name = ANY (%s) AND is_generated = 'NEVER'
         ORDER BY 1, 2""", list(OWN))  # fmt: skip
    tried = [*_updates(columns), *_more(plans)]
    before = _everything(plans)
    for role in ROLES:
        with subtests.test(role):
            client.execute("SELECT set_config('outrider.subject', %s, false)", (role,))
            client.execute(
                "SELECT set_config('outrider.tenant_id', %s, false)", (str(plans.tenant),)
            )
            assert client.execute("SELECT count(*) FROM outrider.subscriptions").fetchone() == (1,)
            changed = [deed for deed in tried if _does(client, deed)]
            assert changed == []
            assert _everything(plans) == before
    assert len(tried) > 60


def _updates(columns: list[tuple[Any, ...]]) -> Iterator[str]:
    """Every column there is, to itself; of people and memberships, the own row."""
    mine = {"users": "auth_subject = current_setting('outrider.subject')", "memberships":
            "user_id = (SELECT id FROM outrider.users WHERE auth_subject = current_setting('outrider.subject'))"}  # fmt: skip
    for table, column in columns:
        if (table, column) != (
            "users",
            "full_name",
        ):  # the one thing about oneself that is one's own
            yield f"UPDATE outrider.{table} SET {column} = {column} WHERE {mine.get(table, 'true')}"


def _more(plans: Plans) -> Iterator[str]:
    yield from (f"DELETE FROM outrider.{table}" for table in MONEY)
    yield from (f"TRUNCATE outrider.{table} CASCADE" for table in MONEY)
    for table in MONEY[1:]:
        yield (
            PLANTED[f"outrider.{table}"]
            .replace("%(t)s", f"'{plans.tenant}'")
            .replace("'k'", "'new'")
        )
    yield "INSERT INTO outrider.plans (code, name) VALUES ('mine', 'Mine')"
    yield f"INSERT INTO outrider.memberships (tenant_id, user_id, role, accepted_at) SELECT '{plans.tenant}', id, 'owner', now() FROM outrider.users WHERE auth_subject = current_setting('outrider.subject')"
    for role in ("owner", "admin"):
        yield f"UPDATE outrider.memberships SET role = '{role}' WHERE user_id = (SELECT id FROM outrider.users WHERE auth_subject = current_setting('outrider.subject'))"
        yield f"UPDATE outrider.memberships SET user_id = (SELECT id FROM outrider.users WHERE auth_subject = current_setting('outrider.subject')), role = '{role}'"
    yield from (f"SELECT * FROM outrider.{call}" for call in FUNCTIONS)
    yield from (
        f"SET ROLE outrider_{hat}" for hat in ("worker", "operator", "dispatcher", "ingress")
    )


def _does(client: psycopg.Connection[Any], deed: str) -> bool:
    """Whether a deed was allowed and touched anything; what it did is undone."""
    try:
        with client.transaction(force_rollback=True):
            return client.execute(deed.encode()).rowcount != 0
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UniqueViolation):
        return False


def _everything(plans: Plans) -> list[list[tuple[Any, ...]]]:
    return [plans.peek(f"SELECT to_jsonb(t) FROM outrider.{table} t ORDER BY 1") for table in OWN]  # pyright: ignore[reportArgumentType]


def test_a_client_sees_its_own_plan_and_balance_and_nobody_elses(
    client: psycopg.Connection[Any], plans: Plans, database: Database
) -> None:
    other = tenant_called(database, "other")
    with database.tenant(other) as tx:
        credits.grant(tx, 9, reason="r")
    client.execute("SELECT set_config('outrider.subject', 'viewer', false)")
    assert client.execute("SELECT balance FROM outrider.credit_accounts").fetchall() == [(5,)]
    assert client.execute("SELECT name FROM outrider.plans WHERE code = 'starter'").fetchall() == [
        ("Starter",)
    ]


def test_what_is_cancelled_stays_the_tenants_plan_until_there_is_a_new_one(
    plans: Plans, database: Database
) -> None:
    plans.have(mails_month=5)
    plans.bill(SubscriptionStatus.CANCELLED)
    with database.hat("operator") as tx:
        assert subscriptions.get(tx, plans.tenant).status is SubscriptionStatus.CANCELLED
        subscriptions.put(tx, plans.tenant, "growth")
        now = subscriptions.get(tx, plans.tenant)
    assert (now.plan_code, now.status) == ("growth", SubscriptionStatus.ACTIVE)
    assert plans.ask("SELECT count(*) FROM outrider.subscriptions") == 2


def test_nobody_bills_a_plan_that_costs_nothing(plans: Plans) -> None:
    with pytest.raises(Permanent, match="no subscription"):
        plans.bill(SubscriptionStatus.PAST_DUE)
