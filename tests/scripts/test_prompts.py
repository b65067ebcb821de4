"""`outrider prompts`: versions are written, compared and activated, and each change has its line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.scripts.conftest import Said

Outrider = Callable[..., Said]
KEY = "reply.suggest"


@pytest.fixture
def user_file(tmp_path: Path) -> Path:
    file = tmp_path / "user.liquid"
    file.write_text("Rules say {{ guess }}.\n{{ mail }}\n")
    return file


def test_a_version_is_written_compared_activated_and_taken_back(
    outrider: Outrider, tenant: UUID, user_file: Path, peek: Callable[..., list[tuple[Any, ...]]]
) -> None:
    mine = ("--tenant", "acme")
    added = outrider("prompts", "add-version", KEY, *mine, "--user", str(user_file), "--temperature", "none",
                     "--note", "the rules' guess", "--json")  # fmt: skip
    assert added.json() == {"key": KEY, "version": 1, "variables": ["guess", "mail"]}
    names = {
        row["name"]: row["active"] for row in outrider("prompts", "list", *mine, "--json").json()
    }
    assert names == {f"{KEY}@shipped:1": True, f"{KEY}@1": False}
    told = outrider("prompts", "diff", KEY, "shipped:1", "1", *mine).out
    assert "+Rules say {{ guess }}." in told
    assert "-temperature: 0.0" in told
    assert "--- system" in outrider("prompts", "show", KEY, *mine).out
    assert outrider("prompts", "activate", KEY, "1", *mine, "--reason", "try", "--json").json()[
        "active"
    ]
    shown = outrider("prompts", "show", KEY, *mine, "--json").json()
    assert (shown["version"], shown["shipped"], shown["temperature"]) == (1, False, None)
    assert (
        f"{KEY}@shipped:1"
        in outrider("prompts", "activate", KEY, "shipped", *mine, "--reason", "worse").out
    )
    assert peek("SELECT action, resource_id, reason FROM outrider.audit_logs WHERE resource_type = 'prompt' ORDER BY id") == [
        ("prompt.add_version", f"{KEY}@1", "the rules' guess"),
        ("prompt.activate", f"{KEY}@1", "try"),
        ("prompt.activate", f"{KEY}@shipped:1", "worse"),
    ]  # fmt: skip
    assert tenant


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("show", "no.such"), "there is reply.suggest"),
     (("show", KEY, "--version", "x"), "version: 'x' is none"),
     (("show", KEY, "--version", "9"), "reply.suggest@9"),
     (("activate", KEY, "4", "--reason", "r"), "reply.suggest@4"),
     (("activate", KEY, "shipped:1", "--reason", "r"), "write `shipped`"),
     (("add-version", KEY, "--note", "n", "--temperature", "hot"), "temperature: 'hot'"),
     (("add-version", KEY, "--note", "n", "--max-tokens", "99999"), "max_tokens: 99999")],
)  # fmt: skip
def test_wrong_input_names_the_field_and_changes_nothing(
    outrider: Outrider, tenant: UUID, peek: Callable[..., list[tuple[Any, ...]]],
    arguments: tuple[str, ...], words: str,
) -> None:  # fmt: skip
    said = outrider("prompts", *arguments, "--tenant", "acme")
    assert said.code == 1
    assert words in said.err
    assert peek("SELECT count(*) FROM outrider.prompts WHERE tenant_id = %s", tenant) == [(0,)]


def test_an_unknown_variable_is_named_with_those_that_there_are(
    outrider: Outrider, tenant: UUID, user_file: Path
) -> None:
    user_file.write_text("{{ mial }}")
    said = outrider(
        "prompts", "add-version", KEY, "--tenant", "acme", "--user", str(user_file), "--note", "n"
    )
    assert "user: mial is no variable of reply.suggest; there is guess, mail." in said.err
    assert tenant
