"""One guard taken away, one acceptance test, one verdict: does the test fail, and by an assertion of its own?

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

from tests.mutations.trial import MUTATION, Edit, Mutation, mutated
from tests.mutations.witness import REPORT

_VERDICTS = ("assert", "AssertionError", "Failed: ", "ValueError: not enough values to unpack",
             "ValueError: too many values to unpack")  # fmt: skip
"""What a check in a test says when it does not hold; anything else broke down before it could judge."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What makes a row's sentence true, how to take it away, and the test that must notice."""

    row: int
    words: str
    test: str
    """As in the seed map: `tests/…/test_x.py::test_y`."""
    edits: tuple[Edit, ...]

    @property
    def name(self) -> str:
        return f"{self.row}: {self.words}"

    def mutation(self) -> Mutation:
        """The same as the trials of the runtime know it."""
        return Mutation(self.name, self.test, frozenset(), self.edits)


@dataclass(frozen=True, slots=True)
class Tried:
    """What a test said once its guard was gone."""

    guard: Guard
    said: str | None
    """The assertion that failed; None: there was none."""
    seconds: float
    output: str


def attempt(guard: Guard) -> Tried:
    """Run the guard's test where the guard is gone. Raises Stale."""
    started = monotonic()
    with mutated(guard.mutation()) as tree:
        report = tree / "report.json"
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pytest", "-q", "-n", "0", "-m", "", "--tb=short",
             "-p", "no:cacheprovider", "-p", "tests.mutations.played", guard.test],
            cwd=tree, capture_output=True, text=True, check=False,
            env={**os.environ, **_template(guard), "PYTHONPATH": str(tree), MUTATION: guard.name,
                 REPORT: str(report)},
        )  # fmt: skip
        failures = json.loads(report.read_text()) if report.exists() else []
    said = next((text for text in failures if text.startswith(_VERDICTS)), None)
    return Tried(guard, said, monotonic() - started, done.stdout + done.stderr)


def _template(guard: Guard) -> dict[str, str]:
    """A template of the trial's own where the migrations themselves are changed."""
    changed = any(edit.where.endswith(".sql") for edit in guard.edits)
    return {"PYTEST_XDIST_TESTRUNUID": uuid4().hex} if changed else {}


def named(guards: Iterable[Guard], name: str) -> Guard | None:
    """The guard of this name."""
    return next((guard for guard in guards if guard.name == name), None)
