"""Asks a vendor whether it takes a secret. Refuses to send one to anything but HTTPS or loopback.

One way for all vendors, driven by `schemas.integrations`: what differs between them is data.
"""

import json
import re
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import httpx2

from providers.http import Answer, call, classify, retry_after
from providers.ports import VendorAccount
from schemas.errors import NeedsReauth, Permanent, RateLimited, Transient
from schemas.integrations import Vendor, address
from telemetry.secrets import CannotOpen, Keyring

_LIMITS = re.compile(rb"rateLimitExceeded|RATE_LIMIT|quotaExceeded", re.IGNORECASE)
"""In a 403: Google's way to say 429."""
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class KeyChecks:
    """A `KeyChecker`. `client` goes out as everything does; `near` goes straight, to loopback only."""

    keyring: Keyring
    client: httpx2.Client
    near: httpx2.Client

    def check(self, account: VendorAccount) -> None:
        """As the port says; asks once, for a refused login may count against the account."""
        base = address(account.base_url)
        client = self.near if urlsplit(base).hostname in _LOOPBACK else self.client
        request = _question(client, account.vendor, base, self._secret(account))
        answer = call(client, request, key=f"check:{account.secret.purpose.owner_id}", check=_judge)
        _believe(account.vendor, answer)

    def _secret(self, account: VendorAccount) -> str:
        try:
            return self.keyring.open(account.secret.box, account.secret.purpose).decode("ascii")
        except CannotOpen as error:
            raise Transient(str(error)) from None
        except UnicodeDecodeError:
            raise NeedsReauth(
                "credential: it is no ASCII text, so no vendor gave it out."
            ) from None


def _question(client: httpx2.Client, vendor: Vendor, base: str, secret: str) -> httpx2.Request:
    headers = {"Accept": "application/json", "User-Agent": "Outrider/0.1"}
    if vendor.kind != "login":
        headers[vendor.header] = f"{vendor.prefix}{secret}"
        return client.build_request("GET", base + vendor.path, headers=headers)
    user, _, word = secret.partition(":")
    body = json.dumps({"username": user, "password": word}).encode()
    headers["Content-Type"] = "application/json"
    return client.build_request("POST", base + vendor.path, headers=headers, content=body)


def _judge(answer: Answer) -> None:
    if answer.status == 403 and _LIMITS.search(answer.body):
        raise RateLimited(f"{answer.where} answered 403, a limit.", retry_after=retry_after(answer.headers))  # fmt: skip
    if answer.status in {401, 403}:
        raise NeedsReauth(f"credential: {answer.where} answered {answer.status}.")
    classify(answer)
    if not 200 <= answer.status < 300:
        raise Permanent(f"base_url: {answer.where} answered {answer.status}, which is no answer.")


def _believe(vendor: Vendor, answer: Answer) -> None:
    """Some vendors say 200 to everybody, and in the body what they think of the secret."""
    try:
        told: object = json.loads(answer.body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Permanent(
            f"base_url: {answer.where} did not answer in JSON; is it {vendor.name}'s API?"
        )
    said = cast("dict[str, object]", told)
    for name, wanted in vendor.expects.items():
        if name not in said or (wanted is not None and said[name] is not wanted):
            raise NeedsReauth(
                f"credential: {answer.where} answered 200, and not that {name} is so."
            )
