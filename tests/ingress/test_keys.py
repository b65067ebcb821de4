"""A signing key is shown once, stored sealed, and audited."""

import base64
from dataclasses import replace
from uuid import UUID

import pytest

from db import Database
from db.tenants import NameTaken
from ingress.keys import create, purpose, revoke
from schemas.errors import NoSuchRow, Permanent
from telemetry.secrets import Keyring
from tests.ingress.conftest import Books, Sender


def test_a_key_is_sealed_for_its_source(
    database: Database, keyring: Keyring, tenant: UUID, books: Books
):
    key = create(database, keyring, tenant_slug="acme", source="crm", operator="ada")
    assert key.secret.startswith("whsec_")
    raw = base64.b64decode(key.secret.removeprefix("whsec_"), validate=True)
    assert len(raw) == 32
    assert key.secret not in repr(key)
    [(owner, sealed)] = books.ask("SELECT owner_id, sealed FROM outrider_secret.credentials")
    assert isinstance(owner, UUID)
    assert isinstance(sealed, bytes)
    assert raw not in sealed
    assert keyring.open(sealed, purpose(tenant, owner)) == raw
    assert books.ask(
        "SELECT tenant_id, operator, action, resource_type, resource_id FROM outrider.audit_logs"
    ) == [(tenant, "ada", "create", "webhook_source", str(owner))]


def test_a_failure_leaves_neither_source_nor_secret(
    database: Database, keyring: Keyring, tenant: UUID, books: Books
):
    create(database, keyring, tenant_slug="acme", source="crm")
    with pytest.raises(NameTaken):
        create(database, keyring, tenant_slug="acme", source="crm")
    with pytest.raises(NoSuchRow, match="nobody"):
        create(database, keyring, tenant_slug="nobody", source="other")
    with pytest.raises(Permanent, match=r"^slug: "):
        create(database, keyring, tenant_slug="acme", source="Not A Slug")
    for table in ("webhook_sources", "audit_logs"):
        assert books.ask(f"SELECT count(*) FROM outrider.{table}") == [(1,)]
    assert books.ask("SELECT count(*) FROM outrider_secret.credentials") == [(1,)]


def test_a_revoked_address_answers_as_one_that_never_was(
    database: Database, sender: Sender, books: Books, tenant: UUID
) -> None:
    assert sender.post().status_code == 202
    assert revoke(database, tenant_slug="acme", source="crm", reason="leaked", operator="ada")
    revoked, unknown = sender.post(), replace(sender, url="/webhooks/leads/nobody").post()
    assert (revoked.status_code, unknown.status_code) == (401, 401)
    told = [
        {k: v for k, v in answer.json().items() if k not in {"trace_id", "instance"}}
        for answer in (revoked, unknown)
    ]
    assert told[0] == told[1]
    assert books.count().events == 1
