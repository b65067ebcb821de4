"""The one gate of every send: by address, by domain, by tenant and by the house."""

from collections.abc import Callable
from uuid import UUID

import pytest

from db import Database, suppressions
from schemas.enums import SuppressionKind, SuppressionReason
from tests.factories import tenant_called

EMAIL, DOMAIN = SuppressionKind.EMAIL, SuppressionKind.DOMAIN
ADA = "ada@acme.test"


@pytest.mark.system(5)
def test_an_address_is_suppressed_whatever_its_case_and_once(
    database: Database, tenant: UUID
) -> None:
    with database.tenant(tenant) as tx:
        assert suppressions.because(tx, ADA) is None
        assert suppressions.add(tx, EMAIL, " ADA@acme.test", SuppressionReason.UNSUBSCRIBE, "reply")
        assert not suppressions.add(tx, EMAIL, ADA, SuppressionReason.BOUNCE, "smtp")
        assert suppressions.because(tx, "Ada@Acme.Test") is SuppressionReason.UNSUBSCRIBE
        assert suppressions.because(tx, "bob@acme.test") is None


def test_a_domain_is_suppressed_with_everybody_in_and_below_it_and_nobody_beside_it(
    database: Database, tenant: UUID
) -> None:
    with database.tenant(tenant) as tx:
        suppressions.add(tx, DOMAIN, "Acme.test", SuppressionReason.CUSTOMER, "operator")
        assert suppressions.because(tx, ADA) is SuppressionReason.CUSTOMER
        assert suppressions.because(tx, "ada@not-acme.test") is None
        assert suppressions.because(tx, "ada@mail.acme.test") is SuppressionReason.CUSTOMER
        assert suppressions.because(tx, "ada@acme.test.example") is None


def test_a_tenants_list_is_its_own_and_the_houses_is_everybodys(
    database: Database, tenant: UUID, peek: Callable[..., object]
) -> None:
    with database.tenant(tenant) as tx:
        suppressions.add(tx, EMAIL, ADA, SuppressionReason.MANUAL, "operator")
    with database.tenant(tenant_called(database, "other")) as tx:
        assert suppressions.because(tx, ADA) is None
    peek(
        """
        INSERT INTO outrider.suppressions (tenant_id, kind, value_hash, reason, source)
        VALUES (NULL, 'email', outrider.suppression_hash('email', 'eve@acme.test'), 'legal', 'operator')
        """
    )
    with database.tenant(tenant) as tx:
        assert suppressions.because(tx, "eve@acme.test") is SuppressionReason.LEGAL


def test_a_released_address_may_be_written_to_and_suppressed_again(
    database: Database, tenant: UUID
) -> None:
    with database.tenant(tenant) as tx:
        suppressions.add(tx, EMAIL, ADA, SuppressionReason.UNSUBSCRIBE, "reply")
        assert suppressions.release(tx, EMAIL, ADA.upper(), by="ada", note="asked to be back")
        assert not suppressions.release(tx, EMAIL, ADA, by="ada", note="again")
        assert suppressions.because(tx, ADA) is None
        assert suppressions.add(tx, EMAIL, ADA, SuppressionReason.UNSUBSCRIBE, "reply")
        assert suppressions.because(tx, ADA) is SuppressionReason.UNSUBSCRIBE
