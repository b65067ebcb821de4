"""What a Chat Completions server answers, read: a completion, a list of models, or which error it is.

Of a refusal only the code is kept, and only when it is a plain word: its message may quote anything.
"""

import re
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from providers.http import Answer, retry_after
from schemas.completions import Completion, Tokens
from schemas.errors import NeedsReauth, Permanent, RateLimited, Transient, Unanswered

_SOON, _LATER = timedelta(seconds=20), timedelta(hours=1)
_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")
_TOO_LONG = {"context_length_exceeded", "exceed_context_size_error"}


class _Open(BaseModel):
    """Servers add fields of their own; what we do not know, we do not read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Message(_Open):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Open):
    message: _Message
    finish_reason: str | None = None


class _Details(_Open):
    cached_tokens: int | None = None


class _Usage(_Open):
    prompt_tokens: int
    completion_tokens: int
    prompt_tokens_details: _Details | None = None


class _Completed(_Open):
    id: str | None = Field(default=None, max_length=200)
    model: str | None = Field(default=None, max_length=200)
    choices: tuple[_Choice, ...] = Field(min_length=1)
    usage: object = None


class _Error(_Open):
    code: object = None
    type: object = None


class _Refusal(_Open):
    error: _Error


class _Model(_Open):
    id: str


class _Models(_Open):
    data: tuple[_Model, ...]


def completion(answer: Answer) -> Completion:
    """A 2xx as what the model said. Raises Unanswered when it cannot be read."""
    try:
        told = _Completed.model_validate_json(answer.body)
    except ValidationError:
        raise Unanswered(f"{answer.where}: the answer is no chat completion.") from None
    first = told.choices[0]
    refused = first.message.refusal or first.finish_reason == "content_filter"
    return Completion(
        text=first.message.content or "",
        ended="refused" if refused else "cut_off" if first.finish_reason == "length" else "whole",
        tokens=_tokens(told.usage),
        served_by=told.model,
        request_id=answer.headers.get("x-request-id", told.id or "")[:200] or None,
    )


def _tokens(usage: object) -> Tokens | None:
    try:
        told = _Usage.model_validate(usage)
        details = told.prompt_tokens_details
        cached = (details.cached_tokens if details else None) or 0
        return Tokens(input=told.prompt_tokens, cached=cached, output=told.completion_tokens)
    except ValidationError:
        return None


def models(answer: Answer) -> frozenset[str]:
    """A 2xx as the names of models. Raises Transient when it cannot be read."""
    try:
        return frozenset(one.id for one in _Models.model_validate_json(answer.body).data)
    except ValidationError:
        raise Transient(f"{answer.where}: the answer is not a list of models.") from None


def check(answer: Answer) -> None:
    """Raise the error that says what to do next, or return for a 2xx."""
    status, code = answer.status, _code(answer)
    if 200 <= status < 300:
        return
    text = f"{answer.where} answered {status}{f' ({code})' if code else ''}."
    if status in {401, 403}:
        raise NeedsReauth(f"{text} The model's server refuses our key; give it another.")
    if status == 429 and code == "insufficient_quota":
        raise RateLimited(f"{text} The account has no money left.", retry_after=_LATER)
    if status == 429 or (status == 503 and "retry-after" in answer.headers):
        raise RateLimited(text, retry_after=retry_after(answer.headers, _SOON))
    if status in {408, 409} or status >= 500:
        raise Transient(text)
    if status == 404:
        raise Permanent(f"{text} The server has no such model, or base_url lacks its /v1.")
    if status == 413 or code in _TOO_LONG:
        raise Permanent(f"{text} The text is longer than the model can read.")
    raise Permanent(text)


def _code(answer: Answer) -> str:
    try:
        told = _Refusal.model_validate_json(answer.body).error
    except ValidationError:
        return ""
    words = (told.code, told.type)
    return next((w for w in words if isinstance(w, str) and _WORD.fullmatch(w)), "")
