"""Sealed secrets are written by operators and read by none of the people."""

from uuid import UUID, uuid4

import psycopg
import pytest

from db import Database, credentials
from telemetry.secrets import Keyring, Purpose


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


def test_an_operator_knows_the_key_and_the_age_of_a_secret_and_never_its_bytes(
    database: Database, tenant: UUID
) -> None:
    use = Purpose(tenant, "integration", uuid4(), "api_key")
    sealed = Keyring([bytes(32)]).seal(b"x", use)
    with database.hat("operator") as tx:
        credentials.add(tx, use, sealed=sealed)
        [found] = credentials.list_all(tx, tenant)
        assert credentials.rewrap(tx, [(found.id, b"another", b"new")]) == set(), "bytes for bytes"
        assert credentials.rewrap(tx, [(found.id, sealed, b"\x02new")]) == {found.id}
        assert credentials.remove(tx, use)
        assert not credentials.remove(tx, use)
    assert (found.tenant, found.purpose, found.version, found.days) == ("acme", use, "02", 0)
    assert found.key_id == Keyring([bytes(32)]).first
    for query in ("SELECT sealed FROM", "UPDATE outrider_secret.credentials SET kind = kind WHERE sealed = '' --"):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege), database.hat("operator") as tx:
            tx.run(f"{query} outrider_secret.credentials")  # pyright: ignore[reportArgumentType]
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.tenant(tenant) as tx:
        credentials.rewrap(tx, [(found.id, sealed, b"new")])
