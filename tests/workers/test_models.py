"""Runs of a language model: their prompt version, their books, and the whole way on a fleet."""

import random
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString
from uuid import UUID, uuid4

import pytest

from db import Database, ai_costs, ai_runs, mails, partitions, prompts
from db.ai_runs import NewRun, Outcome
from pipelines.engine import emit
from providers.fake import FakeKeys, world
from providers.fake_model import FakeModel
from providers.http import connect
from providers.openai_compatible import OpenAiCompatible
from providers.standins.model import ModelApi
from schemas.completions import Tokens
from schemas.enums import AiRunStatus, JobOutcome, JobState
from schemas.errors import NeedsReauth, Permanent, Transient
from schemas.events import MailReceived
from schemas.model_prices import Price, cost
from schemas.prompts import PROMPTS
from tests.factories import tenant_called
from tests.fix_models import INTERESTED, KEYRING, SUGGEST, Desk, account, model_server, says
from tests.fix_plans import Plans
from tests.fix_world import Fleet, until
from tests.workers.inbox import CLASSIFY, MATCH, SETTLE, letter
from workers import integration_setup
from workers.integration_setup import Wanted

Peek = Callable[..., list[tuple[Any, ...]]]
PROMPT = PROMPTS["reply.suggest"]


@pytest.fixture
def model() -> FakeModel:
    return FakeModel(says(INTERESTED))


def activate(desk: Desk, system: str) -> int:
    """A new version of the tenant's own, in use from now on."""
    text = replace(PROMPT.versions[0], system=system)
    with desk.database.tenant(desk.tenant) as tx:
        number = prompts.add_version(tx, PROMPT, text, ["mail"], note="n", by="o")
        prompts.activate(tx, PROMPT.key, number)
    return number


def named(desk: Desk) -> list[tuple[str, str]]:
    """Prompt version and status of every call, in order."""
    with desk.database.tenant(desk.tenant) as tx:
        lines = ai_runs.list_recent(tx, desk.tenant, limit=100)
    return [(line.prompt, line.status.value) for line in reversed(lines)]


@pytest.mark.system(47)
def test_a_run_names_its_prompt_version_and_keeps_it_to_its_end(
    desk: Desk, model: FakeModel
) -> None:
    """A run log names the prompt version that produced the text; activating a new version affects only later runs"""
    first, second, third = (desk.waiting(text) for text in ("One.", "Two.", "Three."))
    assert desk.suggest(first)[0] is JobOutcome.DONE
    model.answer = says(Transient("It hiccuped."), "no JSON", INTERESTED)
    assert desk.suggest(second)[0] is JobState.DELAYED
    assert activate(desk, "New words.") == 1
    desk.again()  # began before the activation
    assert desk.suggest(third)[0] is JobOutcome.DONE
    shipped, mine = "reply.suggest@shipped:1", "reply.suggest@1"
    assert named(desk) == [
        (shipped, "ok"), (shipped, "error"), (shipped, "invalid_output"), (shipped, "ok"), (mine, "ok"),
    ]  # fmt: skip
    assert [q.system == "New words." for q in model.asked] == [False] * 4 + [True]
    made_by = [s.prompt for r in (first, second, third) if (s := desk.suggestion(r))]
    assert made_by == [shipped, shipped, mine]


TENANTS, DAYS = ("acme", "other"), (date(2026, 11, 29), date(2026, 11, 30), date(2026, 12, 1))


@pytest.mark.system(78)
def test_what_a_tenant_s_day_cost_is_the_sum_of_its_run_logs(
    desk: Desk, at: Callable[[datetime], None], peek: Peek
) -> None:
    """Cost per tenant per day equals the sum of the run logs to 0.0001 cent"""
    owners = {
        slug: desk.tenant if slug == "acme" else tenant_called(desk.database, slug)
        for slug in TENANTS
    }
    chance, told = random.Random(78), defaultdict[tuple[UUID, date], Decimal](Decimal)
    for number, day in enumerate(DAYS):
        at(datetime(day.year, day.month, day.day, (0, 12, 23)[number], 59, 59, tzinfo=UTC))
        calls = [_odd_call(chance, tenant_id) for tenant_id in owners.values() for _ in range(50)]
        with ThreadPoolExecutor(4) as pool:  # settlements of one tenant and day meet in one row
            list(pool.map(lambda call: _settle(desk.database, *call), calls))
        for tenant_id, outcome in calls:
            told[tenant_id, day] += outcome.cost_cents or 0
        assert (
            desk.suggest(desk.waiting(f"Reply {number}."))[0] is JobOutcome.DONE
        )  # and by an actor
        told[desk.tenant, day] += Decimal("0.0438")
    for (tenant_id, day), cents in told.items():
        with desk.database.tenant(tenant_id) as tx:
            kept = sum(
                row.cost_cents for row in ai_costs.list_days(tx, tenant_id, since=day, until=day)
            )
        [(logged,)] = peek(
            "SELECT sum(cost_cents) FROM outrider.ai_run_logs WHERE tenant_id = %s AND (created_at AT TIME ZONE 'UTC')::date = %s",
            tenant_id,
            day,
        )
        assert kept == logged == cents
        assert cents.as_tuple().exponent == -4


def _odd_call(chance: random.Random, tenant_id: UUID) -> tuple[UUID, Outcome]:
    """A call of a few tokens at an odd price; some cost nothing, some nobody knows what."""
    read, written = chance.randrange(4_000), chance.randrange(300)
    tokens = Tokens(input=read, cached=chance.randrange(read + 1), output=written)
    price = Price(input=_odd(chance), cached=_odd(chance), output=_odd(chance))
    cents = chance.choice([cost(tokens, price)] * 8 + [Decimal(0), None])
    return tenant_id, Outcome(AiRunStatus.OK if cents else AiRunStatus.ERROR, 1, None, None, tokens.input,
                              tokens.cached, tokens.output, cents)  # fmt: skip


def _odd(chance: random.Random) -> Decimal:
    return Decimal(chance.randrange(1, 10**9)).scaleb(-6)


def _settle(database: Database, tenant_id: UUID, outcome: Outcome) -> None:
    with database.tenant(tenant_id) as tx:
        version = prompts.get_active(tx, PROMPT.key)
        run = NewRun(
            str(uuid4()), 1, "toy", "reply", version.id, version.id, "model.test", "fake-1"
        )
        ai_runs.settle(tx, run, outcome)


def test_the_house_s_model_costs_a_credit_of_the_plan_once_a_run(
    desk: Desk, model: FakeModel, plans: Plans
) -> None:
    plans.have(credits_month=1)
    balance: LiteralString = "SELECT balance FROM outrider.credit_accounts"
    model.answer = says(Permanent("No such model."), "no JSON", INTERESTED)
    assert desk.suggest(desk.waiting("One."))[0] is JobOutcome.DEAD
    assert plans.ask(balance) == 1, "what failed for good is given back"
    assert desk.suggest(desk.waiting("Two."))[0] is JobOutcome.DONE
    assert (len(model.asked), plans.ask(balance)) == (3, 0)
    assert desk.suggest(desk.waiting("Three.")) == (JobState.DELAYED, 0)
    assert len(model.asked) == 3, "it waits for credits, and no attempt is burned"


def test_a_tenant_s_own_model_goes_first_and_waits_alone_while_its_key_is_refused(
    desk: Desk, model: FakeModel, plans: Plans
) -> None:
    plans.have(credits_month=0)
    own_model(desk)
    assert desk.suggest(desk.waiting("One."))[0] is JobOutcome.DONE, (
        "it costs no credit of the plan"
    )
    [asked] = model.accounts
    assert (asked.base_url, asked.model) == ("https://own.test/v1", "own-1")
    assert asked.secret
    assert KEYRING.open(asked.secret.box, asked.secret.purpose) == b"sk-own"
    model.answer = says(NeedsReauth("Its key is refused."), INTERESTED)
    second = desk.waiting("Two.")
    assert desk.suggest(second) == (JobState.DELAYED, 0)
    assert plans.ask("SELECT status::text FROM outrider.integrations") == "needs_reauth"
    assert "Its key is refused." in plans.ask("SELECT last_error FROM outrider.jobs")
    blocked: LiteralString = (
        "SELECT string_agg(key, ',') FROM outrider.lanes WHERE blocked_until IS NOT NULL"
    )
    assert plans.ask(blocked) == "model", (
        "nobody asks with a key that is refused, and nobody else waits"
    )
    own_model(desk)
    assert plans.ask(blocked) is None
    desk.again()
    assert desk.suggestion(second)
    assert plans.ask("SELECT status::text FROM outrider.integrations") == "connected"


def own_model(desk: Desk) -> None:
    """The tenant connects a model of its own, or connects it again."""
    wanted = Wanted("openai", base_url="https://own.test/v1", metadata={"model": "own-1"})
    integration_setup.connect(
        desk.database, KEYRING, FakeKeys(), desk.tenant, wanted, secret="sk-own", operator="o"
    )  # fmt: skip


def test_a_connection_that_names_no_model_says_how_to_name_one(desk: Desk, model: FakeModel, peek: Peek) -> None:  # fmt: skip
    own_model(desk)
    peek("UPDATE outrider.integrations SET metadata = '{}'")
    assert desk.suggest(desk.waiting())[0] is JobOutcome.DEAD
    assert "--set model=NAME" in peek("SELECT error_message FROM outrider.dead_letters")[0][0]
    assert model.asked == []


def test_a_month_has_its_partition_and_what_came_first_moves_into_it(
    desk: Desk, at: Callable[[datetime], None], peek: Peek
) -> None:
    at(datetime(2031, 5, 31, 23, 59, tzinfo=UTC))
    desk.suggest(desk.waiting())
    where = "SELECT tableoid::regclass::text FROM outrider.ai_run_logs"
    assert peek(where) == [("outrider.ai_run_logs_default",)]
    with desk.database.hat("dispatcher") as tx:
        assert tx.value("SELECT outrider.make_ai_run_log_months(1)") == 2
        assert tx.value("SELECT outrider.make_ai_run_log_months(1)") == 0
    assert peek(where) == [("outrider.ai_run_logs_203105",)]
    desk.suggest(desk.waiting("Another."))
    assert peek("SELECT calls FROM outrider.ai_costs") == [(2,)], "a move is no call"
    at(datetime(2032, 6, 30, tzinfo=UTC))
    with desk.database.hat("dispatcher") as tx:
        assert partitions.drop_oldest_month(tx, older_than=timedelta(days=395)) is not None
        while partitions.drop_oldest_month(tx, older_than=timedelta(days=395)):
            pass
    assert peek("SELECT count(*) FROM outrider.ai_run_logs") == [(0,)]
    assert peek("SELECT calls FROM outrider.ai_costs") == [(2,)], "the sum stays"


def test_a_reply_that_needs_a_person_gets_its_suggestion_on_a_fleet(
    database: Database, tenant: UUID, fleet: Callable[..., Fleet], peek: Peek
) -> None:
    api = ModelApi(say=lambda _: INTERESTED)
    with model_server(api) as url, connect() as client:
        ours = OpenAiCompatible(KEYRING, client, client, lambda _: (), proxied=False, local=True)
        running = fleet([MATCH, CLASSIFY, SETTLE, SUGGEST])
        running.runner.providers = replace(world(), model=ours, house_model=account(url))
        with database.tenant(tenant) as tx:
            mail_id = mails.store(tx, None, letter("Hm."), "test")
            assert mail_id
            emit(tx, MailReceived(mail_id=mail_id), key=str(mail_id))
        until(lambda: peek("SELECT intent FROM outrider.reply_suggestions"))
        until(lambda: not peek("SELECT 1 FROM outrider.jobs"))
    assert peek("SELECT intent::text, model FROM outrider.reply_suggestions") == [
        ("interested", "small-1")
    ]
    assert peek("SELECT decision::text, reviewed_by FROM outrider.replies") == [("review", None)]
    assert peek("SELECT provider, status::text FROM outrider.ai_run_logs") == [("127.0.0.1", "ok")]
    assert len(api.asked) == 1


def test_without_a_model_nothing_follows_from_a_reply_that_needs_a_person(
    database: Database, tenant: UUID, fleet: Callable[..., Fleet], peek: Peek
) -> None:
    running = fleet([MATCH, CLASSIFY, SETTLE])
    running.runner.providers = world()
    with database.tenant(tenant) as tx:
        mail_id = mails.store(tx, None, letter("Hm."), "test")
        assert mail_id
        emit(tx, MailReceived(mail_id=mail_id), key=str(mail_id))
    until(lambda: peek("SELECT 1 FROM outrider.replies WHERE decision = 'review'"))
    until(lambda: not peek("SELECT 1 FROM outrider.jobs"))
    assert peek("SELECT count(*) FROM outrider.job_log WHERE actor = 'reply.suggest'") == [(0,)]
