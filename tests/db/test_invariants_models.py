"""Each invariant of model calls catches what it is there for."""

from collections.abc import Callable
from typing import Any, LiteralString
from uuid import UUID

import pytest

from db import Database, invariants
from db.invariants_models import MODELS
from tests.factories import LEASE

LINE: LiteralString = "INSERT INTO outrider.ai_run_logs (tenant_id, actor, subject_type, subject_id, prompt_version_id, provider, model, cost_cents, status) SELECT t.id, 'a', 's', t.id, v.id, 'p', 'm', 1.5, 'ok' FROM outrider.tenants t, outrider.prompt_versions v"
PLANTED: list[tuple[str, LiteralString]] = [
    ("models.cost", "UPDATE outrider.ai_costs SET cost_cents = cost_cents + 0.0001"),
    ("models.cost", "UPDATE outrider.ai_costs SET calls = calls + 1"),
    ("models.cost", "DELETE FROM outrider.ai_costs"),
    ("models.cost", "DELETE FROM outrider.ai_run_logs"),
]


def test_every_invariant_has_a_violation_here() -> None:
    assert {name for name, _ in PLANTED} == set(MODELS)


@pytest.mark.parametrize(("name", "deed"), PLANTED)
def test_a_planted_violation_is_named_with_its_culprit(
    database: Database, tenant: UUID, sick: list[str],
    peek: Callable[..., list[tuple[Any, ...]]], name: str, deed: LiteralString,
) -> None:  # fmt: skip
    peek(LINE)
    assert found(database) == {}
    sick.append(name)
    peek(deed)
    assert found(database) == {name: f"tenant {tenant}"}


def found(database: Database) -> dict[str, str]:
    with database.hat("operator") as tx:
        return {one.invariant: one.subject for one in invariants.check(tx, lease=LEASE)}
