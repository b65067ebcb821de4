"""The seed map claims nothing that no test shows: sentence, test and guard belong together."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest

from scripts.docs_seeds import Row, rows
from tests.mutations.guards import Guard, attempt
from tests.mutations.systems import GUARDS
from tests.mutations.trial import faults, statements

ROOT = Path(__file__).parent.parent
WORKING = [row for row in rows() if row.status == "works"]
NEVER = {"skip", "skipif", "xfail", "needs", "long"}
"""Marks under which a test may be silent in an ordinary run; a larger size may be `long`."""


@cache
def acceptance_tests() -> dict[str, tuple[frozenset[int], str, frozenset[str]]]:
    """Every test that is marked `system(n)`: its rows, its docstring on one line, its other marks."""
    found = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                marks = list(_marks(node))
                numbers = frozenset(n for name, n in marks if name == "system" and n)
                if numbers:
                    docstring = " ".join((ast.get_docstring(node) or "").split()).removesuffix(".")
                    names = frozenset(name for name, _ in marks)
                    found[f"{path.relative_to(ROOT)}::{node.name}"] = (numbers, docstring, names)
    return found


def _marks(node: ast.FunctionDef) -> Iterator[tuple[str, int | None]]:
    for decorator in node.decorator_list:
        mark = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(mark).startswith("pytest.mark.") and isinstance(mark, ast.Attribute):
            args = decorator.args if isinstance(decorator, ast.Call) else []
            first = args[0].value if args and isinstance(args[0], ast.Constant) else None
            yield mark.attr, first if isinstance(first, int) else None


def test_the_map_has_the_rows_1_to_86_once_each() -> None:
    assert [row.number for row in rows()] == list(range(1, 87))


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row.number))
def test_a_row_says_what_its_status_asks_for(row: Row) -> None:
    if row.status == "works":
        assert row.tests, "name the acceptance test"
        assert not row.note, "what works whole needs no note"
    else:
        assert not row.tests, "a row with an acceptance test works"
    if row.status == "not applicable":
        assert row.note.endswith("."), "say why in a sentence"
        assert len(row.note.split()) >= 8


@pytest.mark.parametrize("row", WORKING, ids=lambda row: str(row.number))
def test_a_row_that_works_is_its_tests_docstring(row: Row) -> None:
    for test in row.tests:
        assert test in acceptance_tests(), f"{test} is no test with @pytest.mark.system"
        numbers, docstring, marks = acceptance_tests()[test]
        assert row.number in numbers
        assert docstring == row.sentence
        assert not marks & NEVER, "the acceptance test of a row is never skipped"


def test_a_test_that_has_a_rows_sentence_is_named_by_the_row() -> None:
    sentences = {row.number: row for row in rows()}
    for test, (numbers, docstring, _) in acceptance_tests().items():
        for number in numbers:
            row = sentences[number]
            if docstring == row.sentence:
                assert (row.status, test in row.tests) == ("works", True), test


def test_an_ordinary_run_collects_every_acceptance_test() -> None:
    named = [test for row in WORKING for test in row.tests]
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", "-p", "no:cacheprovider",
         *named], cwd=ROOT, capture_output=True, text=True, check=False)  # fmt: skip
    collected = {line.partition("[")[0] for line in told.stdout.splitlines()}
    assert set(named) <= collected, told.stdout[-2000:]


def test_every_row_that_works_has_a_guard_that_can_be_taken_away() -> None:
    assert {row.number for row in WORKING} == {guard.row for guard in GUARDS}
    assert all(guard.edits for guard in GUARDS)
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)


def test_every_guard_is_still_where_its_edit_finds_it() -> None:
    assert faults(guard.mutation() for guard in GUARDS) == []


def test_every_guard_of_the_database_is_still_where_its_edit_finds_it(owner_dsn: str) -> None:
    with psycopg.connect(owner_dsn) as conn:
        for guard in GUARDS:
            for statement in statements(conn, guard.mutation()):  # raises Stale
                conn.execute(statement.encode())
            conn.rollback()


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name.replace(" ", "-"))
def test_an_acceptance_test_fails_without_its_guard(guard: Guard, template: str) -> None:
    tried = attempt(guard)
    assert tried.said is not None, tried.output[-3000:]
