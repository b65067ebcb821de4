"""Tenants: a name once, a time zone that exists."""

import pytest

from db import Database, tenants
from db.tenants import NameTaken
from schemas.errors import Permanent

WRONG = [
    ("slug", "Acme"),
    ("slug", ""),
    ("slug", "-acme"),
    ("slug", "a" * 64),
    ("slug", "acme\n"),
    ("name", "  "),
    ("timezone", "Mars/Olympus"),
    ("timezone", "../etc/passwd"),
    ("timezone", ""),
    ("timezone", "Europe"),
]


def test_a_tenant_is_found_by_its_slug(database: Database):
    with database.hat("operator") as tx:
        acme = tenants.add(tx, name=" Acme & Söhne ", slug="acme", timezone="Europe/Berlin")
        beta = tenants.add(tx, name="Beta", slug="beta")
        assert (acme.name, beta.timezone) == ("Acme & Söhne", "UTC")
        assert tenants.find_by_slug(tx, "acme") == acme
        assert tenants.find_by_slug(tx, "nobody") is None
        assert tenants.list_all(tx) == [acme, beta]


def test_a_slug_in_use_is_named_and_changes_nothing(database: Database):
    with database.hat("operator") as tx:
        acme = tenants.add(tx, name="Acme", slug="acme")
        with pytest.raises(NameTaken, match="'acme'"):
            tenants.add(tx, name="Other", slug="acme")
        assert tenants.list_all(tx) == [acme]


def test_wrong_input_names_the_field(database: Database, subtests: pytest.Subtests):
    right = {"name": "Acme", "slug": "acme", "timezone": "UTC"}
    with database.hat("operator") as tx:
        for field, value in WRONG:
            with (
                subtests.test(field=field, value=value),
                pytest.raises(Permanent, match=f"^{field}: "),
            ):
                tenants.add(tx, **{**right, field: value})
        assert tenants.list_all(tx) == []
