"""Any server that speaks OpenAI's Chat Completions: OpenAI itself, vLLM, Ollama, llama.cpp and others.

Refuses private addresses unless they are allowed, plain HTTP to anything else, and to repeat a word of
what the server said about a refusal: it may quote the key or the mail.
"""

import ipaddress
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

import httpx2

from providers import openai_answers as answers
from providers.guard import public
from providers.http import Answer, NotConnected, NoTunnel, call
from providers.ports import ModelAccount, Question
from schemas.completions import Completion
from schemas.errors import Permanent, RateLimited, Transient, Unanswered
from telemetry.secrets import CannotOpen, Keyring

_BODY = 1024 * 1024
_PATIENCE = httpx2.Timeout(75, connect=4)
"""Seconds until a model has written its answer; it comes in one piece."""


@dataclass(frozen=True, slots=True)
class OpenAiCompatible:
    """A `LanguageModel`. `client` goes out as everything does; `near` straight to private addresses.

    `proxied`: an egress proxy decides what may be reached. Without one, a host is resolved by
    `addresses` and the call goes to an address that was checked. `local`: private ones are allowed.
    """

    keyring: Keyring
    client: httpx2.Client
    near: httpx2.Client
    addresses: Callable[[str], tuple[str, ...]]
    proxied: bool
    local: bool

    def complete(self, account: ModelAccount, question: Question, *, key: str) -> Completion:
        """As the port says. A 2xx that cannot be read is Unanswered: it was paid for."""
        body = _body(account, question)
        return answers.completion(self._call(account, "chat/completions", body, key))

    def list_models(self, account: ModelAccount) -> frozenset[str]:
        """As the port says."""
        try:
            return answers.models(self._call(account, "models", None, "models"))
        except Unanswered as error:  # nothing was written, so nothing was paid for
            raise Transient(str(error)) from None

    def _call(
        self, account: ModelAccount, path: str, body: Mapping[str, object] | None, key: str
    ) -> Answer:
        url = _url(account.base_url, path)
        client, where, pinned, extensions = self._route(url)
        name = sha256(key.encode()).hexdigest()[:32]
        request = client.build_request(
            "POST" if body else "GET",
            where,
            content=json.dumps(body).encode() if body else None,
            headers={**self._headers(account), **pinned, "X-Client-Request-Id": name},
            extensions=extensions,
            timeout=_PATIENCE,
        )
        try:
            answer = call(client, request, key=name, max_bytes=_BODY, check=_any, repeat=False)
        except (NotConnected, NoTunnel, RateLimited):
            raise
        except Transient as error:
            raise Unanswered(str(error)) from error
        answers.check(answer)
        return answer

    def _headers(self, account: ModelAccount) -> dict[str, str]:
        known = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "Outrider/0.1",
        }
        if account.secret is None:
            return known
        try:
            key = self.keyring.open(account.secret.box, account.secret.purpose).decode("ascii")
        except (CannotOpen, UnicodeDecodeError) as error:
            raise Transient(f"The model's key cannot be opened: {type(error).__name__}.") from None
        return {**known, "Authorization": f"Bearer {key}"}

    def _route(
        self, url: httpx2.URL
    ) -> tuple[httpx2.Client, httpx2.URL, dict[str, str], dict[str, object]]:
        """Who calls, where, and what pins the call to an address that was checked."""
        host = url.raw_host.decode("ascii")
        found = self._found(host)
        private = [address for address in found if not public(address)]
        if private and self.local:
            return self.near, url, {}, {}
        if private:
            raise Permanent(
                f"base_url: {host} is not on the public Internet;"
                " OUTRIDER_MODEL_LOCAL=true allows a model near by."
            )
        if url.scheme != "https":
            raise Permanent(f"base_url: {url.scheme}://{host} is not HTTPS.")
        if self.proxied:
            return self.client, url, {}, {}
        if not found:
            raise Transient(f"base_url: there is no host {host}.")
        # Pinned connections are not kept: two hosts on one address must not share a TLS session.
        pin = {"Host": url.netloc.decode("ascii"), "Connection": "close"}
        return self.client, url.copy_with(host=found[0]), pin, {"sni_hostname": host}

    def _found(self, host: str) -> tuple[str, ...]:
        if host == "localhost" or host.endswith(
            ".localhost"
        ):  # RFC 6761: no question for a resolver
            return ("127.0.0.1",)
        try:
            return (str(ipaddress.ip_address(host)),)
        except ValueError:
            return () if self.proxied and not self.local else self.addresses(host)


def _any(_answer: Answer) -> None:
    """Whatever was answered is judged outside, where a broken connection can be told from it."""


def _url(base: str, path: str) -> httpx2.URL:
    try:
        url = httpx2.URL(f"{base.rstrip('/')}/{path}")
    except (httpx2.InvalidURL, ValueError):
        url = httpx2.URL()
    if url.scheme not in {"http", "https"} or not url.raw_host or url.userinfo or url.query:
        raise Permanent("base_url: it is no address of an API; e.g. https://api.openai.com/v1.")
    return url.copy_with(fragment=None)


def _body(account: ModelAccount, question: Question) -> dict[str, object]:
    """The request. OpenAI has renamed the limit and refuses the old name; others know only that."""
    host = httpx2.URL(account.base_url).host
    limit = "max_completion_tokens" if host == "api.openai.com" else "max_tokens"
    form = {"name": question.form, "schema": dict(question.schema), "strict": True}
    messages = [
        {"role": role, "content": text}
        for role, text in (("system", question.system), ("user", question.user))
        if text.strip()
    ]
    warmth = {} if question.temperature is None else {"temperature": question.temperature}
    return {
        "model": account.model,
        "messages": messages,
        "response_format": {"type": "json_schema", "json_schema": form},
        limit: question.max_tokens,
        **warmth,
    }
