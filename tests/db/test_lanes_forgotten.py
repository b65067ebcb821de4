"""Lanes that remember nothing are forgotten, and nobody's turn changes by it."""

from uuid import UUID

import pytest

from db import Database, claims, lanes, tenants
from tests.fix_lanes import Line, Peek

LANES = "SELECT key FROM outrider.lanes ORDER BY key"


def forget(database: Database, limit: int = 100) -> int:
    with database.hat("dispatcher") as tx:
        return lanes.prune(tx, limit=limit)


@pytest.fixture
def idle(line: Line, tenant: UUID) -> Line:
    """Lanes a and b took turns and are empty; `z` was served last, and more waits there."""
    line.wait(tenant, 2, "a")
    line.wait(tenant, 2, "b")
    while line.drain(window=1):
        pass
    line.wait(tenant, 6, "z")
    for _ in range(5):
        line.drain(window=1)
    return line


def test_lanes_without_a_memory_are_forgotten_in_slices_and_once(
    idle: Line, database: Database, peek: Peek
) -> None:
    before = {key for (key,) in peek(LANES)}
    assert before == {"a", "b", "z"}
    assert [forget(database, 1) for _ in range(4)] == [1, 1, 0, 0]
    assert peek(LANES) == [("z",)]


@pytest.mark.parametrize(
    "memory",
    [
        "weight = 2",
        "max_running = 1",
        "rate_every = '1 s', burst = 1",
        "failures = 1",
        "paused_at = now(), paused_by = 'me', pause_reason = 'x'",
        "blocked_until = now() + interval '1 min', blocked_because = 'x'",
        "tat = now() + interval '1 min'",
        "vtime = 1e9",
    ],
)
def test_a_lane_that_remembers_something_stays(
    idle: Line, database: Database, peek: Peek, memory: str
) -> None:
    peek(f"UPDATE outrider.lanes SET {memory} WHERE key = 'a'")
    assert forget(database) == 1
    assert peek(LANES) == [("a",), ("z",)]


def test_a_lane_with_work_waiting_or_in_hand_stays(
    idle: Line, tenant: UUID, database: Database, peek: Peek
) -> None:
    idle.wait(tenant, 1, "a")
    idle.run(tenant, idle.pick())
    idle.wait(tenant, 1, "b")
    assert forget(database) == 0
    assert peek(LANES) == [("a",), ("b",), ("z",)]


@pytest.mark.parametrize("forgets", [False, True])
def test_a_forgotten_lane_has_the_turn_it_would_have_had(
    idle: Line, tenant: UUID, database: Database, forgets: bool
) -> None:
    if forgets:
        assert forget(database) == 2
    for key in ("b", "a", "z"):
        idle.wait(tenant, 2, key)
    order: list[str] = []
    while tickets := idle.look(1).tickets:
        [mine] = idle.run(tenant, [tickets[0].id])
        order.append(str(mine.payload["key"]))
        with database.tenant(tenant) as tx:
            claims.complete(tx, mine.id, mine.token)
    turns = [order[:2], order[2:5], order[5:]]  # within a turn, chance decides
    assert [sorted(turn) for turn in turns] == [["a", "b"], ["a", "b", "z"], ["z", "z"]]


def test_lanes_that_were_used_once_go_when_their_tenant_is_idle(
    line: Line, tenant: UUID, database: Database, peek: Peek
) -> None:
    for key in ("a", "b", "c"):
        line.wait(tenant, 1, key)
    line.drain(window=2)
    assert forget(database) == 0, "one of them still waits"
    line.drain(window=2)
    assert forget(database) == 3
    assert peek(LANES) == []


@pytest.mark.parametrize(
    "gone", ["DELETE FROM outrider.tenants", "UPDATE outrider.tenants SET deleted_at = now()"]
)
def test_what_a_gone_tenant_leaves_in_the_line_goes_with_it(
    idle: Line, tenant: UUID, database: Database, peek: Peek, gone: str
) -> None:
    with database.hat("operator") as tx:
        other = tenants.add(tx, name="Other", slug="other").id
    idle.wait(other, 1, "kept by a pause")
    idle.drain(window=1)
    peek(
        "UPDATE outrider.lanes SET paused_at = now(), paused_by = 'me', pause_reason = 'x' WHERE tenant_id = %s",
        other,
    )
    peek(f"{gone} WHERE id = '{other}'")
    idle.wait(tenant, 1, "z")
    forget(database)
    assert peek("SELECT tenant_id FROM outrider.shares") == [(tenant,)]
