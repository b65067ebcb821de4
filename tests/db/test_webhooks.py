"""Sources and their events: an address once, an event once, a door for the edge alone."""

from uuid import UUID, uuid4

import psycopg
import pytest

from db import Database, credentials, webhooks
from db.tenants import NameTaken
from schemas.errors import Permanent
from telemetry.secrets import Purpose


@pytest.fixture
def sick() -> list[str]:
    return ["webhooks.unheard"]  # events here are stored without the work that follows


@pytest.fixture
def source(database: Database, tenant: UUID) -> webhooks.Source:
    with database.hat("operator") as tx:
        made = webhooks.add_source(tx, tenant_id=tenant, slug="crm")
        use = Purpose(tenant, "webhook_source", made.id, "hmac_secret")
        credentials.add(tx, use, sealed=b"sealed")
    return made


def test_a_source_is_listed_and_its_name_is_taken(
    database: Database, tenant: UUID, source: webhooks.Source
):
    with database.hat("operator") as tx:
        assert webhooks.list_sources(tx, tenant) == [source]
        assert webhooks.list_sources(tx, uuid4()) == []
        with pytest.raises(NameTaken, match="'crm'"):
            webhooks.add_source(tx, tenant_id=tenant, slug="crm")
        with pytest.raises(Permanent, match=r"^slug: "):
            webhooks.add_source(tx, tenant_id=tenant, slug="C R M")


def test_the_edge_finds_a_door_and_cannot_list_them(
    database: Database, tenant: UUID, source: webhooks.Source
):
    with database.hat("ingress") as tx:
        assert webhooks.find_door(tx, "crm") == webhooks.Door(
            tenant, source.id, "standard", b"sealed"
        )
        assert webhooks.find_door(tx, "other") is None
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.hat("ingress") as tx:
        webhooks.list_sources(tx, tenant)


def test_a_revoked_source_has_no_door(database: Database, owner_dsn: str, source: webhooks.Source):
    with psycopg.connect(owner_dsn) as conn:
        conn.execute("UPDATE outrider.webhook_sources SET revoked_at = now()")
    with database.hat("ingress") as tx:
        assert webhooks.find_door(tx, "crm") is None


def test_an_event_is_stored_once_per_source_and_id(
    database: Database, tenant: UUID, source: webhooks.Source
):
    with database.tenant(tenant) as tx:
        first = webhooks.store(tx, source_id=source.id, external_id="e1", body=b"\x00raw")
    with database.tenant(tenant) as tx:
        assert webhooks.store(tx, source_id=source.id, external_id="e1", body=b"other") is None
        known = webhooks.find_received(tx, source_id=source.id, external_id="e1")
        assert webhooks.store(tx, source_id=source.id, external_id="e2", body=b"") is not None
    assert known == webhooks.Received(first, None)  # pyright: ignore[reportArgumentType]


def test_an_event_of_another_tenant_is_neither_seen_nor_touched(
    database: Database, tenant: UUID, source: webhooks.Source
):
    with database.tenant(tenant) as tx:
        event = webhooks.store(tx, source_id=source.id, external_id="e1", body=b"raw")
    assert event
    with pytest.raises(psycopg.Error), database.tenant(uuid4()) as tx:
        webhooks.store(tx, source_id=source.id, external_id="e2", body=b"raw")
    with database.tenant(uuid4()) as tx:
        assert webhooks.find_received(tx, source_id=source.id, external_id="e1") is None
