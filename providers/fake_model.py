"""A language model that says what it is told to, and counts. Refuses to touch the network."""

from collections.abc import Callable
from threading import Lock

from providers.ports import ModelAccount, Question
from schemas.completions import Completion, Tokens
from schemas.errors import JobError

Reply = Completion | JobError


def unsure(_question: Question) -> Reply:
    """A sound answer that commits itself to nothing."""
    return Completion(
        text='{"intent": "other", "why": "It says several things."}',
        ended="whole",
        tokens=Tokens(input=420, cached=0, output=18),
        served_by="fake-1-2026",
        request_id="req_1",
    )


class FakeModel:
    """A `LanguageModel` that gives, or raises, what `answer` returns for a question; thread-safe."""

    def __init__(self, answer: Callable[[Question], Reply] = unsure) -> None:
        self.answer = answer
        self.asked: list[Question] = []
        self.accounts: list[ModelAccount] = []
        self._lock = Lock()

    def complete(self, account: ModelAccount, question: Question, *, key: str) -> Completion:
        """Keeps the question, then answers."""
        del key
        with self._lock:
            self.asked.append(question)
            self.accounts.append(account)
        reply = self.answer(question)
        if isinstance(reply, JobError):
            raise reply
        return reply

    def list_models(self, account: ModelAccount) -> frozenset[str]:
        """The model of the account."""
        return frozenset({account.model})
