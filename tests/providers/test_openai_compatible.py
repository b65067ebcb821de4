"""The contract of Chat Completions, from our side: what each answer means, and what is never said."""

import json
from datetime import timedelta

import httpx2
import pytest

from providers.http import connect
from providers.openai_compatible import OpenAiCompatible
from providers.ports import Question
from providers.standins.model import Asked, ModelApi, completed, refusal
from providers.standins.wire import Reply
from schemas.completions import Tokens
from schemas.errors import JobError, NeedsReauth, Permanent, RateLimited, Transient, Unanswered
from schemas.suggestions import Suggestion
from tests.fix_models import KEYRING, account, model_server, model_side
from tests.providers.canned import Canned, CannedWeb

QUESTION = Question("You read mails.", '{"text": "secret words"}', "reply_suggest",
                    Suggestion.model_json_schema(), max_tokens=200, temperature=0.0)  # fmt: skip


def test_a_question_in_the_contract_s_form_gets_an_answer_with_its_count() -> None:
    api = ModelApi()
    with model_server(api) as url, model_side() as ours:
        found = ours.complete(account(url), QUESTION, key="k")
        assert ours.list_models(account(url)) == {"small-1"}
    assert Suggestion.model_validate_json(found.text).intent == "meeting_request"
    assert found.ended == "whole"
    assert found.tokens
    assert found.tokens.input > 8
    assert (found.served_by, found.request_id) == ("small-1-2026", "req_1")
    [asked] = api.asked
    assert (asked.says("system"), asked.max_tokens, asked.temperature) == (
        "You read mails.",
        200,
        0,
    )


def test_a_server_that_asks_for_no_key_gets_none() -> None:
    with model_server(ModelApi(key=None)) as url, model_side() as ours:
        assert ours.complete(account(url, key=None), QUESTION, key="k").ended == "whole"


def test_cached_tokens_a_cut_and_a_refusal_are_read() -> None:
    said = [
        completed('{"intent"', ended="length", asked=50, cached=40),
        completed(None, refusal="I cannot."),
        completed("", ended="content_filter"),
    ]
    with model_server(ModelApi(say=lambda _: said.pop(0))) as url, model_side() as ours:
        cut, refused, filtered = (ours.complete(account(url), QUESTION, key="k") for _ in range(3))
    assert (cut.ended, cut.tokens) == ("cut_off", Tokens(input=50, cached=40, output=3))
    assert (refused.ended, filtered.ended) == ("refused", "refused")


def test_openai_itself_is_told_the_limit_by_its_new_name() -> None:
    bodies: list[dict[str, object]] = []

    def say(request: httpx2.Request) -> Canned:
        bodies.append(json.loads(request.read()))
        assert request.url.host == "8.8.8.8"
        assert request.headers["host"] == "api.openai.com"
        assert request.extensions["sni_hostname"] == "api.openai.com"
        return Canned(200, content=json.dumps(completed("{}").body).encode())

    ours = canned(say)
    ours.complete(account("https://api.openai.com/v1"), QUESTION, key="k")
    assert bodies[0]["max_completion_tokens"] == 200
    assert "max_tokens" not in bodies[0]


def canned(say: object, found: tuple[str, ...] = ("8.8.8.8",), *, local: bool = False) -> OpenAiCompatible:  # fmt: skip
    client = httpx2.Client(transport=CannedWeb(say))  # pyright: ignore[reportArgumentType]
    return OpenAiCompatible(KEYRING, client, client, lambda _: found, proxied=False, local=local)


ERRORS: dict[str, tuple[Reply, type[JobError], str]] = {
    "a wrong key": (refusal(401, "e", "invalid_api_key", "sk-test is wrong"), NeedsReauth, "another"),
    "no rights": (refusal(403, "e", None, "no"), NeedsReauth, "refuses our key"),
    "no such model": (refusal(404, "e", "model_not_found", "no"), Permanent, "model_not_found"),
    "too long": (refusal(400, "e", "context_length_exceeded", "no"), Permanent, "longer than"),
    "too big": (Reply(413, {}), Permanent, "longer than"),
    "a wrong field": (refusal(400, "e", "unknown_parameter", "secret words"), Permanent, "answered 400"),
    "too many": (refusal(429, "e", "rate_limit_exceeded", "no", {"Retry-After": "7"}), RateLimited, "429"),
    "no money": (refusal(429, "insufficient_quota", "insufficient_quota", "no"), RateLimited, "no money"),
    "busy": (refusal(503, "e", None, "no", {"Retry-After": "7"}), RateLimited, "503"),
    "broken": (refusal(500, "server_error", None, "secret words"), Transient, "server_error"),
    "away": (Reply(503, {}), Transient, "503"),
    "lost": (Reply(200, {}, lost=True), Unanswered, "connection broke"),
    "no completion": (Reply(200, {"choices": []}), Unanswered, "no chat completion"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_each_failure_has_its_class_and_is_asked_once(name: str) -> None:
    reply, kind, words = ERRORS[name]
    api = ModelApi(say=lambda _: reply)
    with model_server(api) as url, model_side() as ours, pytest.raises(kind) as caught:
        ours.complete(account(url), QUESTION, key="k")
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert "secret words" not in str(caught.value)
    assert "sk-test" not in str(caught.value)
    assert len(api.statuses) == 1, "each try may be paid for"
    if isinstance(caught.value, RateLimited):
        wanted = timedelta(hours=1) if name == "no money" else timedelta(seconds=7)
        assert caught.value.retry_after == wanted


def test_the_wrong_key_is_refused_and_not_repeated_in_the_error() -> None:
    with model_server(ModelApi()) as url, model_side() as ours:
        with pytest.raises(NeedsReauth) as caught:
            ours.complete(account(url, key="sk-wrong"), QUESTION, key="k")
        with pytest.raises(Permanent, match="model_not_found"):
            ours.complete(account(url, model="huge"), QUESTION, key="k")
    assert "sk-wrong" not in str(caught.value)


def test_nobody_there_is_certainly_no_answer() -> None:
    with model_side() as ours, pytest.raises(Transient) as caught:
        ours.complete(account("http://127.0.0.1:9/v1"), QUESTION, key="k")
    assert not isinstance(caught.value, Unanswered)


@pytest.mark.parametrize(
    ("base", "found"),
    [("http://127.0.0.1:11434/v1", ()), ("https://localhost/v1", ()), ("https://[::1]/v1", ()),
     ("https://inside.example/v1", ("10.0.0.7",)), ("https://two.example/v1", ("8.8.8.8", "169.254.169.254")),
     ("http://model.example/v1", ("8.8.8.8",)), ("https://u:p@model.example/v1", ("8.8.8.8",)),
     ("ftp://model.example", ("8.8.8.8",)), ("nonsense", ())],
)  # fmt: skip
def test_what_is_near_or_not_encrypted_is_not_called_unless_that_is_allowed(
    base: str, found: tuple[str, ...]
) -> None:
    called: list[httpx2.Request] = []
    with pytest.raises(Permanent, match="base_url"):
        canned(called.append, found).complete(account(base), QUESTION, key="k")
    assert called == []


def test_a_count_that_nobody_believes_is_no_count() -> None:
    for usage in (None, {}, {"prompt_tokens": -1, "completion_tokens": 1}, {"prompt_tokens": 10**12, "completion_tokens": 1}):  # fmt: skip
        reply = completed("{}")
        strange = Reply(200, {**reply.body, "usage": usage})
        with model_server(ModelApi(say=lambda _, r=strange: r)) as url, model_side() as ours:
            assert ours.complete(account(url), QUESTION, key="k").tokens is None


@pytest.mark.parametrize("wrong", [{"stream": True}, {"max_completion_tokens": 5}, {"messages": []}, {"model": 7}])  # fmt: skip
def test_the_stand_in_refuses_what_the_contract_refuses(wrong: dict[str, object]) -> None:
    api = ModelApi()
    body = {"model": "small-1", "messages": [{"role": "user", "content": "x"}], "max_tokens": 5,
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}}  # fmt: skip
    assert Asked.model_validate_json(json.dumps(body)).max_tokens == 5
    with model_server(api) as url, connect() as client:
        headers = {"Authorization": "Bearer sk-test"}
        told = client.post(f"{url}/chat/completions", json={**body, **wrong}, headers=headers)
    assert told.status_code == 400
    assert told.json()["error"]["type"] == "invalid_request_error"
