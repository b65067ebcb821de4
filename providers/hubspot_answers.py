"""What HubSpot's answers mean, contact by contact. Pure; refuses to trust the order of anything.

Source: HubSpot's OpenAPI of CRM contacts, v3 (batch/upsert, batch/read) and its usage guidelines.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from providers.http import Answer, classify, retry_after
from schemas.contacts import Contact, Outcome
from schemas.errors import NeedsReauth, Permanent, RateLimited, Transient
from telemetry.spoken import mask

SPLIT = frozenset({400, 409, 413, 422})
"""Refusals of a whole batch that may be about one contact in it."""
_PASSING = frozenset({"INTERNAL_ERROR", "RATE_LIMITS", "SERVICE_UNAVAILABLE", "TIMEOUT"})
_DAY_IS_OVER = timedelta(hours=1)
"""How long to wait for a daily limit that does not say: it ends at midnight in the portal's zone."""


class _Lenient(BaseModel):
    """A part of an answer; what we do not use may be anything."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Result(_Lenient):
    id: str
    new: bool = False
    trace: str | None = Field(default=None, alias="objectWriteTraceId")
    properties: dict[str, object] = Field(default_factory=dict[str, object])


class _Detail(_Lenient):
    code: str | None = None


class Problem(_Lenient):
    category: str | None = None
    message: str = "no message"
    policy: str | None = Field(default=None, alias="policyName")
    context: dict[str, object] = Field(default_factory=dict[str, object])
    errors: tuple[_Detail, ...] = ()

    @property
    def code(self) -> str:
        """The most exact word the answer has for what is wrong."""
        return next((detail.code for detail in self.errors if detail.code), None) or (
            self.category or "UNKNOWN"
        )

    def named(self) -> Iterator[str]:
        """Everything the context names: ids, addresses, trace ids."""
        for value in self.context.values():
            for one in cast("Sequence[object]", value) if isinstance(value, list) else [value]:
                if isinstance(one, str):
                    yield one


class Batch(_Lenient):
    results: tuple[Result, ...] = ()
    errors: tuple[Problem, ...] = ()


class _Modification(_Lenient):
    fixed: bool = Field(default=False, alias="readOnlyValue")


class Property(_Lenient):
    name: str
    modification: _Modification = Field(default=_Modification(), alias="modificationMetadata")


class Properties(_Lenient):
    results: tuple[Property, ...]


def check(answer: Answer) -> None:
    """Raise the error that says what to do next, or return for an answer that is to be read."""
    if answer.status in SPLIT:
        return
    if answer.status in {401, 403}:
        told = problem(answer)
        raise NeedsReauth(
            f"token: {answer.where} answered {answer.status} ({told.code}); "
            "give a valid one with `outrider crm connect`."
        )
    if answer.status == 429:
        raise RateLimited(f"{answer.where} answered 429.", retry_after=_wait(answer))
    if answer.status in {404, 405}:
        raise Permanent(f"base_url: {answer.where} answered {answer.status}; is it HubSpot's API?")
    if answer.status in {423, 477}:  # locked by another writer; being moved between data centres
        raise Transient(f"{answer.where} answered {answer.status}.")
    classify(answer)
    if not 200 <= answer.status < 300:
        raise Permanent(f"base_url: {answer.where} answered {answer.status}, which is no answer.")


def _wait(answer: Answer) -> timedelta:
    if (problem(answer).policy or "").upper() == "DAILY":
        return retry_after(answer.headers, default=_DAY_IS_OVER)
    return retry_after(answer.headers, default=interval(answer.headers))


def interval(headers: Mapping[str, str]) -> timedelta:
    """The rolling window of the request limit; ten seconds when HubSpot does not say."""
    told = headers.get("x-hubspot-ratelimit-interval-milliseconds", "")
    milliseconds = int(told) if told.isdecimal() and len(told) < 9 else 10_000
    return min(timedelta(milliseconds=milliseconds), _DAY_IS_OVER)


def exhausted(headers: Mapping[str, str]) -> bool:
    """Whether HubSpot says that the next request of this window would be refused."""
    return headers.get("x-hubspot-ratelimit-remaining", "").strip() == "0"


def problem(answer: Answer) -> Problem:
    """The error that an answer carries; an unreadable one is an unknown problem.

    An answer that repeats the token is not quoted in that.
    """
    try:
        return Problem.model_validate_json(mask(answer.body.decode(errors="replace")))
    except ValidationError:
        return Problem()


def batch(answer: Answer) -> Batch:
    """The answer to a batch call. Raises Transient when it cannot be read: it broke on its way."""
    try:
        return Batch.model_validate_json(answer.body)
    except ValidationError:
        raise Transient(
            f"{answer.where}: the answer is not what HubSpot's contract says."
        ) from None


def outcomes(contacts: Sequence[Contact], found: Batch) -> list[Outcome]:
    """One outcome per contact, by trace id or address; what is in neither list is missing."""
    results = {name: result for result in found.results for name in _names(result)}
    problems = {name: one for one in found.errors for name in one.named()}
    return [
        _outcome(
            contact,
            results.get(contact.key) or results.get(contact.email),
            problems.get(contact.key) or problems.get(contact.email),
        )
        for contact in contacts
    ]


def _names(result: Result) -> Iterator[str]:
    if result.trace:
        yield result.trace
        return
    email = result.properties.get("email")
    if isinstance(email, str):
        yield email.lower()


def _outcome(contact: Contact, result: Result | None, told: Problem | None) -> Outcome:
    if result:
        state = "created" if result.new else "updated"
        return Outcome(key=contact.key, state=state, remote_id=result.id)
    if told:
        return refused(contact, told)
    return Outcome(
        key=contact.key,
        state="failed",
        error_code="missing_answer",
        error="HubSpot answered about the batch, and not about this contact.",
        again=True,
    )


def refused(contact: Contact, told: Problem) -> Outcome:
    """The outcome of a contact that HubSpot refused."""
    return Outcome(
        key=contact.key,
        state="failed",
        error_code=told.code,
        error=mask(told.message)[:500],
        again=told.category in _PASSING,
    )
