"""A person is met once per address: what is said later adds to what was said before."""

from uuid import UUID

from db import Database, leads
from tests.factories import capture


def test_a_time_zone_is_kept_until_another_is_told(database: Database, tenant: UUID):
    with database.tenant(tenant) as tx:
        told = capture(tx, timezone="Asia/Kathmandu")
        assert leads.get(tx, told).timezone == "Asia/Kathmandu"
        assert capture(tx, "ADA@acme.test", country="DE") == told
        assert leads.get(tx, told).timezone == "Asia/Kathmandu"
        capture(tx, timezone="Europe/Berlin")
        assert leads.get(tx, told).timezone == "Europe/Berlin"
        other = capture(tx, "bob@acme.test")
        assert leads.get(tx, other).timezone is None
