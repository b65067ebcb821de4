"""A language model's server, as OpenAI's Chat Completions contract has it: what it takes and answers.

`POST /v1/chat/completions`, `GET /v1/models`. Refuses what the contract refuses: a request without
a key, fields that it does not know, a schema that is not strict, a text that is too long.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from pydantic import ConfigDict, Field, StrictFloat, StrictInt, StrictStr, ValidationError

from providers.standins.wire import Json, Reply
from schemas.base import Value


class _Strict(Value):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Message(_Strict):
    """One turn of the conversation."""

    role: Literal["system", "user"]
    content: StrictStr


class _Schema(_Strict):
    name: StrictStr = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    form: dict[str, object] = Field(alias="schema")
    strict: bool = False


class _Format(_Strict):
    type: Literal["json_schema"]
    json_schema: _Schema


class Asked(_Strict):
    """A request, as far as the contract knows its fields; the newer name of the limit is one, too."""

    model: StrictStr
    messages: list[Message] = Field(min_length=1)
    response_format: _Format
    max_tokens: StrictInt | None = Field(default=None, gt=0)
    max_completion_tokens: StrictInt | None = Field(default=None, gt=0)
    temperature: StrictFloat | StrictInt | None = Field(default=None, ge=0, le=2)

    @property
    def fields(self) -> dict[str, object]:
        """The fields that the answer is to have, each with its rule."""
        fields = self.response_format.json_schema.form["properties"]
        assert isinstance(fields, dict)
        return cast("dict[str, object]", fields)

    def says(self, role: str) -> str:
        """The text of a role, or nothing."""
        return next((one.content for one in self.messages if one.role == role), "")


def fill(asked: Asked) -> str:
    """An answer of the form asked for: the first of each choice, and some words."""
    said: dict[str, object] = {}
    for name, rule in asked.fields.items():
        choices = cast("dict[str, list[object]]", rule).get("enum", ["Some words."])
        said[name] = choices[0]
    return json.dumps(said)


Say = Callable[[Asked], str | Reply]


@dataclass(slots=True)
class ModelApi:
    """The server behind one key; None: it asks for none. `say` writes an answer, or fails in its place."""

    key: str | None = "sk-test"
    model: str = "small-1"
    context: int = 8_000
    say: Say = fill
    asked: list[Asked] = field(default_factory=list[Asked])
    statuses: list[int] = field(default_factory=list[int])
    """Of every answer, lost ones too, in order."""

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """What such a server answers."""
        reply = self._guarded(method, path, headers, body)
        self.statuses.append(reply.status)
        known = {"x-request-id": f"req_{len(self.statuses)}"}
        return Reply(reply.status, reply.body, {**known, **reply.headers}, reply.lost)

    def _guarded(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        sent = headers.get("authorization", "")
        if self.key is not None and sent != f"Bearer {self.key}":
            text = f"Incorrect API key provided: {sent.removeprefix('Bearer ')}."
            return refusal(401, "invalid_request_error", "invalid_api_key", text)
        match method, path:
            case "GET", "/v1/models":
                one = {"id": self.model, "object": "model", "created": 0, "owned_by": "us"}
                return Reply(200, {"object": "list", "data": [one]})
            case "POST", "/v1/chat/completions":
                return self._complete(headers.get("content-type", ""), body)
            case _:
                return refusal(404, "invalid_request_error", None, f"Invalid URL ({method} {path})")

    def _complete(self, kind: str, body: bytes) -> Reply:
        if not kind.startswith("application/json"):
            return refusal(400, "invalid_request_error", None, "Send JSON.")
        try:
            asked = Asked.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            text = f"Invalid parameter {where}: {first['msg']}"
            return refusal(400, "invalid_request_error", "unknown_parameter", text)
        if wrong := self._wrong(asked):
            return wrong
        self.asked.append(asked)
        said = self.say(asked)
        return said if isinstance(said, Reply) else self._said(asked, said)

    def _wrong(self, asked: Asked) -> Reply | None:
        if asked.model != self.model:
            text = f"The model {asked.model} does not exist."
            return refusal(404, "invalid_request_error", "model_not_found", text)
        form = asked.response_format.json_schema
        fields = form.form.get("properties")
        whole = isinstance(fields, dict) and form.form.get("required") == list(fields)  # pyright: ignore[reportUnknownArgumentType]
        if form.strict and not (whole and form.form.get("additionalProperties") is False):
            text = "Invalid schema: additionalProperties must be false, and every field required."
            return refusal(400, "invalid_request_error", "invalid_json_schema", text)
        if asked.max_tokens and asked.max_completion_tokens:
            return refusal(400, "invalid_request_error", "unsupported_parameter", "Two limits.")
        if count(asked.messages) > self.context:
            text = f"This model's maximum context length is {self.context} tokens."
            return refusal(400, "invalid_request_error", "context_length_exceeded", text)
        return None

    def _said(self, asked: Asked, text: str) -> Reply:
        limit = (asked.max_tokens or asked.max_completion_tokens or 1_000) * 4
        cut = len(text) > limit
        return completed(
            text[:limit], model=f"{self.model}-2026", asked=count(asked.messages),
            ended="length" if cut else "stop",
        )  # fmt: skip


def count(messages: list[Message]) -> int:
    """Tokens, about: four characters each, and some for the form."""
    return sum(4 + len(one.content) // 4 for one in messages)


def completed(
    text: str | None, *, model: str = "small-1-2026", asked: int = 100, ended: str = "stop",
    refusal: str | None = None, cached: int = 0,
) -> Reply:  # fmt: skip
    """A whole answer, with its usage."""
    written = len(text or refusal or "") // 4 + 1
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, "refusal": refusal},
        "logprobs": None,
        "finish_reason": ended,
    }
    usage = {
        "prompt_tokens": asked,
        "completion_tokens": written,
        "total_tokens": asked + written,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    body: Json = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": model,
                  "choices": [choice], "usage": usage}  # fmt: skip
    return Reply(200, body)


def refusal(
    status: int, kind: str, code: str | None, message: str, headers: Mapping[str, str] | None = None
) -> Reply:
    """An error in the contract's form."""
    error = {"message": message, "type": kind, "param": None, "code": code}
    return Reply(status, {"error": error}, headers or {})
