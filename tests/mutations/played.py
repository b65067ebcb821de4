"""The pytest plugin of a trial of guards: it changes each test's database, and reports what failed."""

import json
import os
from pathlib import Path
from typing import cast

import psycopg
import pytest

from tests.mutations.guards import named
from tests.mutations.systems import GUARDS
from tests.mutations.trial import MUTATION, statements
from tests.mutations.witness import REPORT

_failures: list[str] = []


@pytest.fixture(autouse=True)
def _without_its_guard(request: pytest.FixtureRequest) -> None:
    """Take the guard out of this test's database before the test begins."""
    guard = named(GUARDS, os.environ[MUTATION])
    assert guard
    if "owner_dsn" in request.fixturenames:
        dsn = cast(str, request.getfixturevalue("owner_dsn"))
        with psycopg.connect(dsn, autocommit=True) as conn:
            for statement in statements(conn, guard.mutation()):
                conn.execute(statement.encode())


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what the code of tests said; what a fixture or the program says is no verdict."""
    if report.when == "call" and report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        if crash is not None and f"{os.sep}tests{os.sep}" in crash.path:
            _failures.append(crash.message)


def pytest_sessionfinish() -> None:
    Path(os.environ[REPORT]).write_text(json.dumps(_failures))
