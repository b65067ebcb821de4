"""A language model: in memory for actors, on loopback for our side of the contract."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from db import Database, ai_costs, mails, replies, suggestions
from db.replies import NewReply
from providers.fake_model import FakeModel, Reply, unsure
from providers.http import connect
from providers.openai_compatible import OpenAiCompatible
from providers.ports import ModelAccount, Question
from providers.standins.model import ModelApi
from providers.standins.wire import serving
from schemas.completions import Completion
from schemas.enums import (
    JobOutcome,
    JobState,
    MailMatch,
    ReplyAuthor,
    ReplyDecision,
    ReplyIntent,
)
from schemas.jobs import SuggestReply
from schemas.model_prices import Price
from telemetry.secrets import Keyring, Purpose, Sealed
from tests.fix_world import Bench
from tests.workers.inbox import letter
from workers import suggestions as _suggestions
from workers.actor import registered

assert _suggestions
SUGGEST = registered()[SuggestReply.name]
Peek = Callable[..., list[tuple[Any, ...]]]
KEYRING = Keyring([bytes(32)])
_PURPOSE = Purpose(UUID(int=1), "test", UUID(int=2), "model_key")


def account(base_url: str, key: str | None = "sk-test", model: str = "small-1") -> ModelAccount:
    """Where a model is, with a key that opens."""
    sealed = Sealed(KEYRING.seal(key.encode(), _PURPOSE), _PURPOSE) if key else None
    return ModelAccount(base_url, model, sealed)


@contextmanager
def model_side(*, local: bool = True) -> Iterator[OpenAiCompatible]:
    """A provider with connections of its own, and no resolver but the hosts file's."""
    with connect() as client, connect() as near:
        yield OpenAiCompatible(KEYRING, client, near, lambda _: (), proxied=False, local=local)


@contextmanager
def model_server(api: ModelApi) -> Iterator[str]:
    """The base URL of a server that answers as `api` says."""
    with serving(api) as url:
        yield f"{url}/v1"


INTERESTED = '{"intent": "interested", "why": "It asks for a colleague."}'
WORDS = "Hm, maybe, ask my colleague carol@firm.example or not."


@dataclass(slots=True)
class Desk:
    """Replies that wait for a person, and one worker process."""

    bench: Bench
    database: Database
    tenant: UUID
    peek: Peek

    def waiting(self, text: str = WORDS) -> UUID:
        """A mail that the rules are not sure of."""
        with self.database.tenant(self.tenant) as tx:
            mail_id = mails.store(tx, None, letter(text), "test")
            assert mail_id
            mails.set_match(tx, mail_id, MailMatch.NONE)
            reply_id = replies.record(tx, NewReply(
                mail_id, None, None, ReplyAuthor.HUMAN, ReplyIntent.OTHER, None, {}, 0.3,
                abstain=True, return_date=None, classifier="rules-1"))  # fmt: skip
            assert reply_id
            replies.decide(tx, reply_id, ReplyDecision.REVIEW, "what it says is not certain")
        return reply_id

    def suggest(self, reply_id: UUID) -> tuple[JobState | JobOutcome, int]:
        """A job and one attempt at it."""
        return self.bench.state(self.bench.do(SUGGEST, SuggestReply(reply_id=reply_id)))

    def again(self) -> int:
        """The next attempt at the job that waits."""
        [(job_id,)] = self.peek("UPDATE outrider.jobs SET retry_at = now() RETURNING id")
        self.bench.attempt(SUGGEST, job_id)
        return job_id

    def suggestion(self, reply_id: UUID) -> suggestions.Suggestion | None:
        with self.database.tenant(self.tenant) as tx:
            return suggestions.list_of(tx, [reply_id]).get(reply_id)

    def log(self) -> list[tuple[str, Decimal | None]]:
        """Status and cost of every call, in order."""
        return [
            (status, cents)
            for status, cents in self.peek(
                "SELECT status, cost_cents FROM outrider.ai_run_logs ORDER BY created_at, id"
            )
        ]

    def price(self, model: str = "fake-1", *, each: int = 100) -> None:
        """Cents per million tokens of every kind."""
        price = Price(input=Decimal(each), cached=Decimal(each), output=Decimal(each))
        with self.database.hat("operator") as tx:
            ai_costs.set_price(tx, model, price, tenant_id=self.tenant)


@pytest.fixture
def desk(bench: Bench, database: Database, tenant: UUID, peek: Peek) -> Desk:
    desk = Desk(bench, database, tenant, peek)
    desk.price()
    return desk


def says(*answers: str | Reply) -> Callable[[Question], Reply]:
    """These answers, one after the other, the last for ever."""
    left = list(answers)

    def say(question: Question) -> Reply:
        told = left.pop(0) if len(left) > 1 else left[0]
        if not isinstance(told, str):
            return told
        fixed = unsure(question)
        assert isinstance(fixed, Completion)
        return fixed.model_copy(update={"text": told})

    return say


@pytest.fixture
def model() -> FakeModel | None:
    """The house's language model; None: it has none. A test that needs one says so."""
    return None
