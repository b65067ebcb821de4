"""`outrider integrations`: connect, look, check, disconnect; the secret is in no line of it."""

from collections.abc import Callable
from uuid import UUID

import pytest

from tests.fix_vendors import SECRETS, Vendors
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]
NOBODY = "http://127.0.0.1:9"  # nothing listens there
ACME = ("--tenant", "acme")


def test_an_account_is_connected_checked_and_disconnected(
    outrider: Outrider, tenant: UUID, vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Said] = []

    def run(*words: str) -> Said:
        said.append(outrider("integrations", *words))
        return said[-1]

    monkeypatch.setenv("KEY", SECRETS["openai"])
    given = ("--base-url", vendors.base("openai"), "--secret-env", "KEY", "--set", "model=gpt-toy")
    assert run("connect", "openai", *ACME, *given, "--json").json()["new"] is True
    shown = run("show", "openai", *ACME, "--json").json()
    assert (shown["status"], shown["metadata"], shown["base_url"]) == ("connected", {"model": "gpt-toy"}, vendors.base("openai"))  # fmt: skip
    assert run("check", "openai", *ACME).code == 0

    vendors.secrets["openai"] = "sk-model-2"
    found = run("check", "openai", *ACME, "--json")
    assert (found.code, found.json()["status"]) == (1, "needs_reauth")
    [row] = run("list", *ACME, "--json").json()
    assert (row["provider"], row["status"]) == ("openai", "needs_reauth")
    monkeypatch.setenv("KEY", "sk-model-2")
    assert "connected again" in run("connect", "openai", *ACME, *given).out

    assert run("disconnect", "openai", *ACME, "--reason", "left").code == 0
    assert outrider("secrets", "list", "--json").json() == []
    assert run("list", *ACME, "--json").json()[0]["status"] == "disconnected"
    assert [one for one in said if "sk-model" in one.out + one.err] == []


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("connect", "nobody", *ACME, "--secret-env", "KEY"), "there is no 'nobody'; there are apollo"),
        (("connect", "hubspot", *ACME, "--secret-env", "KEY"), "outrider crm connect"),
        (("connect", "apollo", *ACME), "--secret-env or --secret-stdin"),
        (("connect", "apollo", *ACME, "--secret-env", "NONE"), "variable NONE holds none"),
        (("connect", "apollo", *ACME, "--secret-env", "KEY", "--base-url", "http://apollo.test"), "base_url:"),
        (("connect", "apollo", *ACME, "--secret-env", "KEY", "--base-url", NOBODY), f"--base-url: {NOBODY} could not be reached"),
        (("connect", "apollo", *ACME, "--secret-env", "KEY", "--set", "x"), "NAME=VALUE"),
        (("check", "apollo", *ACME), "no integration with apollo"),
        (("list", "--tenant", "nobody"), "no tenant nobody"),
    ],
)  # fmt: skip
def test_bad_input_names_what_is_wrong(
    outrider: Outrider, tenant: UUID, words: tuple[str, ...], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("KEY", "a-secret-of-mine")
    said = outrider("integrations", *words)
    assert (said.code, problem in said.err) == (1, True), said.err
    assert "a-secret-of-mine" not in said.err


def test_the_offer_names_what_has_a_command_of_its_own(outrider: Outrider) -> None:
    offers = {row["provider"]: row["command"] for row in outrider("integrations", "providers", "--json").json()}  # fmt: skip
    assert offers["mailbox"] == "outrider mailboxes add"
    assert len(offers) == 9
