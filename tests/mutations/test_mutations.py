"""The checks can fail: each deliberate mistake in the runtime is named by the check that is there for it."""

import re
from pathlib import Path

import psycopg
import pytest

from tests.mutations.catalogue import MUTATIONS
from tests.mutations.storm import STORMS, Storm, weather
from tests.mutations.trial import Edit, Mutation, Stale, attempt, faults, replaced, statements
from tests.mutations.witness import PROMISES

QUICK = {
    "a completion does not name its token",
    "a call in doubt is made again",
    "keys are not unique",
}
"""One Python fence, one ledger, one key: the rest takes minutes and runs with the long tests."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("mutation", [
    pytest.param(m, marks=[] if m.name in QUICK else [pytest.mark.long]) for m in MUTATIONS.values()
], ids=lambda m: m.name.replace(" ", "-"))  # fmt: skip
def test_a_mutation_is_caught_by_name(mutation: Mutation, template: str) -> None:
    outcome = attempt(mutation)
    assert outcome.named is not None, f"the scene broke down:\n{outcome.output[-3000:]}"
    assert mutation.caught_by <= outcome.named, outcome.output[-3000:]


@pytest.mark.long
@pytest.mark.e2e
@pytest.mark.timeout(300)
@pytest.mark.parametrize("storm", STORMS[:2], ids=lambda s: s.mutation.replace(" ", "-"))
def test_the_chaos_run_names_a_mutated_fleet(storm: Storm, owner_dsn: str) -> None:
    outcome = weather(storm, MUTATIONS[storm.mutation], owner_dsn)
    assert outcome.named is not None
    assert storm.caught_by <= outcome.named, outcome.output


def test_every_one_of_the_sixteen_has_a_mutation_that_breaks_it() -> None:
    broken = {name for m in MUTATIONS.values() for name in m.caught_by}
    assert set(PROMISES) == {f"I{n}" for n in range(1, 17)} == broken & set(PROMISES)


def test_every_mutation_still_fits_the_code() -> None:
    assert faults(MUTATIONS.values()) == []


def test_every_mutation_still_fits_the_database(owner_dsn: str) -> None:
    with psycopg.connect(owner_dsn) as conn:
        for mutation in MUTATIONS.values():
            for statement in statements(conn, mutation):  # raises Stale
                conn.execute(statement.encode())
            conn.rollback()


def test_every_scene_exists_and_is_broken_by_something() -> None:
    scenes = {
        f"{path.name}::{name}"
        for path in Path(__file__).parent.glob("test_scenes_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert {m.scene for m in MUTATIONS.values()} <= scenes


def test_a_stale_mutation_says_which_text_is_gone() -> None:
    with pytest.raises(Stale, match=r"db/x\.py: 'old' occurs 2 times"):
        replaced("old and old", Edit("db/x.py", "old", "new"))
