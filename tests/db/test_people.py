"""The registry knows every column, and a person's identifiers are found as they are written."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest

from db import Database, people
from tests.factories import capture

Peek = Callable[..., list[tuple[Any, ...]]]


@pytest.mark.parametrize(
    "column", ["note text", "more jsonb", "scan bytea", "born date", "lead_id uuid", "tags text[]"]
)
def test_a_column_that_nobody_classified_stops_every_erasure(
    database: Database, tenant: UUID, peek: Peek, column: str
) -> None:
    peek(f"ALTER TABLE outrider.campaigns ADD COLUMN {column}")  # pyright: ignore[reportArgumentType]
    name = column.partition(" ")[0]
    refusal = pytest.raises(
        psycopg.errors.InvalidSchemaDefinition, match=rf"campaigns\.{name} is not"
    )
    with refusal, database.tenant(tenant) as tx:
        people.erase(tx, "a@b.test", by="t")
    with refusal, database.tenant(tenant) as tx:
        people.list_pieces(tx, "a@b.test")


def test_the_registry_names_only_what_is_there(peek: Peek) -> None:
    assert (
        peek("""
        SELECT d.table_name, d.column_name FROM outrider.personal_data d
         WHERE NOT EXISTS (SELECT 1 FROM information_schema.columns c
                            WHERE c.table_schema IN ('outrider', 'outrider_secret')
                              AND (c.table_name, c.column_name) = (d.table_name, d.column_name))""")
        == []
    )
    assert (
        peek("""
        SELECT t.table_name FROM outrider.personal_tables t
         WHERE NOT EXISTS (SELECT 1 FROM outrider.personal_data d WHERE d.table_name = t.table_name)""")
        == []
    )


FOUND = (
    "ada@x.test", "ADA@X.TEST.", "<ada@x.test>", "mailto:ada%40x.test?", "to%3Aada%40x.test", "ada=40x.test",
    "+44 20 7946 0001", "0044-20-7946-0001", "(020) 7946 0001", "442079460001",
    "Ada Lovelace", "ADA  LOVELACE's", "Lovelace, Ada", "ada.lovelace", "name=Ada+Lovelace", "Ada%20Lovelace",
    "https://linkedin.com/in/ada-l", "%2Fin%2Fada-l", "see www.lovelace.example",
)  # fmt: skip
NOT_FOUND = (
    "mada@x.test", "ada@x.tests", "ada@x.test.example", "x-ada@x.test", "4420794600012", "Adam Lovelace",
    "Ada Lovelaces", "linkedin.com/in/ada-lo", "in/ada-l-2", "Ada and Lovelace", "x@x.test", "notlovelace.example",
)  # fmt: skip


def test_identifiers_are_found_however_they_are_written_and_nothing_that_only_begins_like_them(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    with database.tenant(tenant) as tx:
        capture(tx, "ada@x.test", full_name="Ada Lovelace", phone="+44 20 7946 0001",
                linkedin_url="https://www.linkedin.com/in/ada-l/", website="https://www.lovelace.example")  # fmt: skip
        loose = str(tx.value("SELECT (outrider.find_person('ada@x.test')).loose"))
    hits = {
        text for text in (*FOUND, *NOT_FOUND) if peek("SELECT %s ~* %s", text, loose) == [(True,)]
    }
    assert hits == set(FOUND)


def test_what_another_bears_too_is_nobodys_identifier(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    same = {
        "full_name": "Jo Smith",
        "phone": "+44 20 7946 0001",
        "website": "https://smith.example",
    }
    with database.tenant(tenant) as tx:
        capture(tx, "jo@x.test", **same)
        capture(tx, "other@y.test", **same)
        people.close(tx, people.find(tx, "jo@x.test").leads)
        people.erase(tx, "jo@x.test", by="t")
    assert peek("SELECT full_name, phone, website FROM outrider.leads ORDER BY email") == [
        tuple(same.values()), (None, None, None)]  # fmt: skip


def test_one_profile_under_two_addresses_is_one_person(database: Database, tenant: UUID) -> None:
    with database.tenant(tenant) as tx:
        for email in ("ada@x.test", "ada@home.test"):
            capture(tx, email, linkedin_url="https://linkedin.com/in/ada-l")
        found = people.find(tx, "ada@home.test")
        assert (sorted(found.emails), len(found.leads)) == (["ada@home.test", "ada@x.test"], 2)
