"""The command line, called as a person would, inside the test's own process."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from scripts.cli import main

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def settings_of_this_test(dsn: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that points at this test's own database."""
    monkeypatch.setenv("OUTRIDER_DATABASE_URL", dsn)
    monkeypatch.setenv("OUTRIDER_REDIS_URL", redis_url)
    monkeypatch.setenv("OUTRIDER_SECRET_KEY", KEY)


@pytest.fixture
def outrider(
    settings_of_this_test: None, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """`outrider("tenants", "list")`."""

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        said = capsys.readouterr()
        code = ended.value.code
        return Said(code if isinstance(code, int) else int(code is not None), said.out, said.err)

    return run
