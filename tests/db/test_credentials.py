"""Sealed secrets are written by operators and read by none of the people."""

from uuid import UUID, uuid4

import psycopg
import pytest

from db import Database, credentials
from telemetry.secrets import Purpose


def test_a_secret_is_kept_and_its_writer_cannot_read_it(
    database: Database, tenant: UUID, owner_dsn: str
):
    use = Purpose(tenant, "webhook_source", uuid4(), "hmac_secret")
    with database.hat("operator") as tx:
        credentials.add(tx, use, sealed=b"sealed")
    query = "SELECT tenant_id, owner_id, kind, sealed FROM outrider_secret.credentials"
    with psycopg.connect(owner_dsn) as conn:
        assert conn.execute(query).fetchall() == [(tenant, use.owner_id, "hmac_secret", b"sealed")]
    for hat in ("operator", "ingress", "client"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), database.hat(hat) as tx:
            tx.run(query)


def test_one_owner_has_one_secret_of_a_kind(database: Database, tenant: UUID):
    use = Purpose(tenant, "webhook_source", uuid4(), "hmac_secret")
    with database.hat("operator") as tx:
        credentials.add(tx, use, sealed=b"one")
    with pytest.raises(psycopg.errors.UniqueViolation), database.hat("operator") as tx:
        credentials.add(tx, use, sealed=b"two")
