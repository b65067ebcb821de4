"""Prompts in the database: shipped ones for all to read and nobody to change, versions for ever."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest

from db import Database, prompts
from db.migrate import MigrationRefused, migrate
from db.pool import connect
from db.shipped_prompts import ship
from schemas.errors import NoSuchRow
from schemas.prompts import PROMPTS
from tests.factories import tenant_called

Peek = Callable[..., list[tuple[Any, ...]]]
SUGGEST = PROMPTS["reply.suggest"]
TEXT = SUGGEST.versions[0]


def add(database: Database, tenant: UUID, system: str) -> int:
    with database.tenant(tenant) as tx:
        text = replace(TEXT, system=system)
        return prompts.add_version(tx, SUGGEST, text, ["mail"], note="n", by="o")


def test_a_tenant_s_active_version_goes_before_the_shipped_one_for_that_tenant_alone(
    database: Database, tenant: UUID
) -> None:
    other = tenant_called(database, "other")
    assert [add(database, tenant, f"System {n}.") for n in (1, 2)] == [1, 2]
    with database.tenant(tenant) as tx:
        assert prompts.get_active(tx, SUGGEST.key).name == "reply.suggest@shipped:1"
        prompts.activate(tx, SUGGEST.key, 2)
        assert prompts.get_active(tx, SUGGEST.key).name == "reply.suggest@2"
        named = [(one.name, one.active) for one in prompts.list_versions(tx)]
        assert named == [("reply.suggest@shipped:1", False), ("reply.suggest@1", False), ("reply.suggest@2", True)]  # fmt: skip
        mine = prompts.get_active(tx, SUGGEST.key).id
        with pytest.raises(NoSuchRow):
            prompts.activate(tx, SUGGEST.key, 3)
    with database.tenant(other) as tx:
        assert prompts.get_active(tx, SUGGEST.key).name == "reply.suggest@shipped:1"
        with pytest.raises(NoSuchRow):
            prompts.get_by_id(tx, mine)
    with database.tenant(tenant) as tx:
        assert prompts.deactivate(tx, SUGGEST.key)
        assert prompts.get_active(tx, SUGGEST.key).shipped


DEEDS: list[LiteralString] = [
    "UPDATE outrider.prompts SET current_version = 7 WHERE tenant_id IS NULL RETURNING 1",
    "UPDATE outrider.prompts SET tenant_id = outrider.current_tenant_id() WHERE tenant_id IS NULL RETURNING 1",
    "DELETE FROM outrider.prompts RETURNING 1",
    "UPDATE outrider.prompt_versions SET user_text = 'x' RETURNING 1",
    "DELETE FROM outrider.prompt_versions RETURNING 1",
    "INSERT INTO outrider.prompts (tenant_id, key) VALUES (NULL, 'a.b') RETURNING 1",
    "INSERT INTO outrider.prompt_versions (prompt_id, version, system_text, user_text, max_tokens, output_schema, variables, change_note, created_by) SELECT id, 2, 's', 'u', 1, '{}', '{}', 'n', 'o' FROM outrider.prompts WHERE tenant_id IS NULL RETURNING 1",
    "UPDATE outrider.ai_costs SET cost_cents = 0 RETURNING 1",
    "INSERT INTO outrider.ai_limits (tenant_id, daily_cents) VALUES (outrider.current_tenant_id(), 9) RETURNING 1",
    "INSERT INTO outrider.model_prices (model, input_cents, cached_cents, output_cents) VALUES ('m', 0, 0, 0) RETURNING 1",
    "DELETE FROM outrider.ai_run_logs RETURNING 1",
]


@pytest.mark.parametrize("deed", DEEDS)
def test_what_ships_and_what_was_written_is_nobody_s_to_change(
    database: Database, tenant: UUID, deed: LiteralString
) -> None:
    add(database, tenant, "Mine.")
    try:
        with database.tenant(tenant) as tx:
            touched = tx.value(deed)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ForeignKeyViolation):
        touched = None
    assert touched is None


def test_not_even_the_owner_rewrites_a_version(peek: Peek) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation):
        peek("UPDATE outrider.prompt_versions SET user_text = 'x'")


def test_what_ships_is_put_in_once_and_newer_versions_become_current(
    owner_dsn: str, database: Database, tenant: UUID
) -> None:
    newer = replace(SUGGEST, versions=(TEXT, replace(TEXT, system="Better.")))
    with connect(owner_dsn) as conn:
        assert ship(conn) == []
        assert ship(conn, [newer]) == ["reply.suggest@shipped:2"]
        assert ship(conn) == [], "an older release leaves it alone"
    with database.tenant(tenant) as tx:
        assert prompts.get_active(tx, SUGGEST.key).system_text == "Better."


def test_a_shipped_version_that_was_edited_is_refused(
    owner_dsn: str, database: Database, peek: Peek
) -> None:
    peek("ALTER TABLE outrider.prompt_versions DISABLE TRIGGER prompt_versions_stay")
    peek("UPDATE outrider.prompt_versions SET system_text = 'Edited.'")
    with pytest.raises(MigrationRefused, match="shipped:1 was edited"):
        migrate(owner_dsn)
