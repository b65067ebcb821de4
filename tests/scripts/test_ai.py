"""`outrider ai`: what models cost and may cost, each change with its reason; and the suggestion beside a reply."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from providers.fake_model import FakeModel
from providers.standins.model import ModelApi
from tests.fix_models import INTERESTED, Desk, model_server, says
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]
Peek = Callable[..., list[tuple[Any, ...]]]
MINE = ("--tenant", "acme")


@pytest.fixture
def model() -> FakeModel:
    return FakeModel(says(INTERESTED))


def test_the_cost_of_a_day_is_told_with_what_is_not_known(
    outrider: Outrider, desk: Desk, at: Callable[[datetime], None]
) -> None:
    at(datetime(2026, 11, 30, 12, tzinfo=UTC))
    desk.suggest(desk.waiting())
    desk.peek("DELETE FROM outrider.model_prices")
    desk.suggest(desk.waiting("Another."))
    told = outrider("ai", "cost", *MINE, "--day", "2026-11-30", "--json").json()
    assert (told["calls"], told["unknown"], told["cost_cents"]) == (2, 1, "0.0438")
    assert [row["model"] for row in told["days"]] == ["fake-1"]
    lines = outrider("ai", "runs", *MINE, "--json").json()
    assert sum(Decimal(line["cost_cents"] or 0) for line in lines) == Decimal(told["cost_cents"])
    assert {line["prompt"] for line in lines} == {"reply.suggest@shipped:1"}
    assert outrider("ai", "cost", *MINE, "--month", "2026-10", "--json").json()["calls"] == 0
    assert "1 calls cost nobody knows what" in outrider("ai", "cost", *MINE).out


def test_limits_and_prices_are_set_and_audited(outrider: Outrider, desk: Desk, peek: Peek) -> None:
    assert outrider("ai", "limit", "12.5", *MINE, "--reason", "budget").code == 0
    assert outrider("ai", "cost", *MINE, "--json").json()["daily_limit_cents"] == "12.5000"
    assert outrider("ai", "limit", "house", *MINE, "--reason", "back").code == 0
    assert peek("SELECT count(*) FROM outrider.ai_limits") == [(0,)]
    assert (
        outrider(
            "ai", "price", "set", "m", "--input", "15", "--output", "60", "--reason", "list"
        ).code
        == 0
    )
    rows = outrider("ai", "price", "list", "--json").json()
    assert {
        "model": "m",
        "whose": "house",
        "input_cents": "15.000000",
        "cached_cents": "15.000000",
        "output_cents": "60.000000",
    } in rows
    assert outrider("ai", "price", "remove", "m", "--reason", "gone").code == 0
    assert peek("SELECT action, reason FROM outrider.audit_logs WHERE action LIKE 'ai.%%' ORDER BY id") == [
        ("ai.limit", "budget"), ("ai.limit", "back"), ("ai.price", "list"), ("ai.price", "gone")]  # fmt: skip
    assert desk


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("cost", *MINE, "--day", "30.11."), "day: '30.11.'"), (("cost", *MINE, "--month", "2026-13"), "month: '2026-13'"),
     (("cost", *MINE, "--day", "2026-11-01", "--month", "2026-11"), "--day, --month"),
     (("limit", "many", *MINE, "--reason", "r"), "cents: 'many'"),
     (("price", "set", "m", "--input", "nan", "--output", "1", "--reason", "r"), "input: 'nan'"),
     (("price", "set", "m", "--input", "1", "--output", "1e9", "--reason", "r"), "output: "),
     (("price", "remove", "m", "--reason", "r"), "no price of m"), (("test",), "OUTRIDER_MODEL_URL")],
)  # fmt: skip
def test_wrong_input_names_the_field(outrider: Outrider, desk: Desk, arguments: tuple[str, ...], words: str) -> None:  # fmt: skip
    said = outrider("ai", *arguments)
    assert said.code == 1
    assert words in said.err
    assert desk


def test_the_settings_model_is_asked_whether_it_is_there(
    outrider: Outrider, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with model_server(ModelApi()) as url:
        for name, value in (
            ("URL", url),
            ("NAME", "small-1"),
            ("KEY", "sk-test"),
            ("LOCAL", "true"),
        ):
            monkeypatch.setenv(f"OUTRIDER_MODEL_{name}", value)
        assert "has small-1" in outrider("ai", "test").out
        monkeypatch.setenv("OUTRIDER_MODEL_NAME", "huge")
        assert outrider("ai", "test", "--json").code == 1
        monkeypatch.setenv("OUTRIDER_MODEL_KEY", "sk-wrong")
        refused = outrider("ai", "test")
    assert "refuses our key" in refused.err
    assert "sk-wrong" not in refused.err
    assert desk


def test_a_suggestion_stands_beside_the_reply_that_waits(
    outrider: Outrider, desk: Desk, model: FakeModel
) -> None:
    model.answer = says('{"intent": "interested", "why": "[bold]It asks.[/bold]"}')
    reply_id = desk.waiting()
    desk.suggest(reply_id)
    [row] = outrider("replies", "list", *MINE, "--review", "--json").json()
    assert (row["intent"], row["suggested"]) == ("other", "interested")
    assert row["suggested_by"] == "reply.suggest@shipped:1, fake-1"
    assert "[bold]It asks.[/bold]" in outrider("replies", "list", *MINE, "--review").out


def test_replies_that_waited_before_there_was_a_model_are_put_to_it(
    outrider: Outrider, desk: Desk, peek: Peek
) -> None:
    known, bare = desk.waiting(), desk.waiting("Another.")
    desk.suggest(known)
    assert outrider("replies", "suggest", *MINE, "--json").json() == {"asked": 1}
    assert peek("SELECT payload ->> 'reply_id' FROM outrider.jobs WHERE actor = 'reply.suggest'") == [(str(bare),)]  # fmt: skip
