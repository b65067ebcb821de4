"""One guard taken away, the row's acceptance test, one verdict: does it fail, and by an assertion of its own?

As in `trial`, the mistake is made in a copy of the packages or in the test's database. `played` is
the plugin that makes it there and writes down what the test said.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic
from uuid import uuid4

from scripts.docs_seeds import rows
from tests.mutations.trial import MUTATION, Edit, Mutation, mutated
from tests.mutations.witness import REPORT

_VERDICTS = ("assert", "AssertionError", "Failed: ", "ValueError: not enough values to unpack",
             "ValueError: too many values to unpack")  # fmt: skip
"""What a check in a test says when it does not hold; anything else broke down before it could judge."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Something that makes a row's sentence true, and how to take it away: the row's test must notice."""

    row: int
    words: str
    edits: tuple[Edit, ...]

    @property
    def name(self) -> str:
        return f"{self.row}: {self.words}"

    def mutation(self) -> Mutation:
        """The same as the trials of the runtime know it."""
        return Mutation(self.name, "", frozenset(), self.edits)

    def tests(self) -> tuple[str, ...]:
        """The acceptance tests of its row."""
        return next((row.tests for row in rows() if row.number == self.row), ())


def guard(row: int, words: str, *edits: Edit) -> Guard:
    """A guard in one line."""
    return Guard(row, words, edits)


@dataclass(frozen=True, slots=True)
class Tried:
    """What a test said once its guard was gone."""

    guard: Guard
    said: str | None
    """The assertion that failed; None: there was none."""
    passed: bool
    seconds: float
    output: str

    @property
    def verdict(self) -> str:
        """What the table says."""
        if self.said is None:
            return "SURVIVED" if self.passed else "BROKE DOWN"
        return "fails as it should"


def attempt(guard: Guard) -> Tried:
    """Run the tests of the guard's row where the guard is gone. Raises Stale."""
    assert guard.tests(), f"Row {guard.row} of the seed map names no test."
    started = monotonic()
    with mutated(guard.mutation()) as tree:
        report = tree / "report.json"
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pytest", "-q", "-n", "0", "--tb=short",
             "-p", "no:cacheprovider", "-p", "tests.mutations.played", *guard.tests()],
            cwd=tree, capture_output=True, text=True, check=False,
            env={**os.environ, **_template(guard), "PYTHONPATH": str(tree), MUTATION: guard.name,
                 REPORT: str(report)},
        )  # fmt: skip
        failures = json.loads(report.read_text()) if report.exists() else []
    said = next((text for text in failures if text.startswith(_VERDICTS)), None)
    return Tried(guard, said, not done.returncode, monotonic() - started, done.stdout + done.stderr)


def _template(guard: Guard) -> dict[str, str]:
    """A template of the trial's own where the migrations themselves are changed."""
    changed = any(edit.where.endswith(".sql") for edit in guard.edits)
    return {"PYTEST_XDIST_TESTRUNUID": uuid4().hex} if changed else {}


def named(guards: Iterable[Guard], name: str) -> Guard | None:
    """The guard of this name."""
    return next((guard for guard in guards if guard.name == name), None)
