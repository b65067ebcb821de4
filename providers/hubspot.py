"""HubSpot's contacts over HTTP. Refuses to send a token to anything but HTTPS or loopback.

`POST {base}/crm/v3/objects/contacts/batch/upsert` by e-mail address, at most 100 at a time; a
refusal of the whole batch halves it until the contact that is meant stands alone.
"""

import json
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import httpx2
from pydantic import ValidationError

from providers import hubspot_answers as answers
from providers.http import Answer, call
from providers.ports import CrmAccount
from schemas.contacts import Contact, Outcome
from schemas.errors import Permanent, RateLimited, Transient
from telemetry.secrets import CannotOpen, Keyring

MOST = 100
"""Contacts per request; HubSpot's contract names no number, its guides say 100."""
_CALLS = 60
"""Requests for one batch before what is left of it is put off: well below the limit of a window."""
_BODY = 8 * 1024 * 1024
_OBJECTS = "/crm/v3/objects/contacts/batch"
_PROPERTIES = "/crm/v3/properties/contacts"


@dataclass(slots=True)
class HubSpot:
    """A `Crm` port. `client` goes out as everything does; `near` goes straight, to loopback only."""

    keyring: Keyring
    client: httpx2.Client
    near: httpx2.Client
    _closed: dict[UUID, float] = field(default_factory=dict[UUID, float])
    """Until when, by the monotonic clock, a connection may not be used."""

    def upsert(self, account: CrmAccount, contacts: Sequence[Contact]) -> list[Outcome]:
        """As the port says. A contact that HubSpot says nothing about failed: `missing_answer`."""
        known: dict[str, Outcome] = {}
        waiting = deque(contacts[n : n + MOST] for n in range(0, len(contacts), MOST))
        for _ in range(_CALLS):
            if not waiting:
                break
            part = waiting.popleft()
            told = self._upsert(account, part)
            if isinstance(told, list):
                known |= {outcome.key: outcome for outcome in told}
            else:
                waiting.extendleft((part[len(part) // 2 :], part[: len(part) // 2]))
        known |= {contact.key: _put_off(contact) for part in waiting for contact in part}
        return [known[contact.key] for contact in contacts]

    def _upsert(self, account: CrmAccount, contacts: Sequence[Contact]) -> list[Outcome] | None:
        """Outcomes of one request; None: refused as a whole, and there is more than one contact."""
        inputs = [_input(contact) for contact in contacts]
        answer = self._call(account, "POST", f"{_OBJECTS}/upsert", {"inputs": inputs})
        if answer.status not in answers.SPLIT:
            return answers.outcomes(contacts, answers.batch(answer))
        if len(contacts) > 1:
            return None
        return [answers.refused(contacts[0], answers.problem(answer))]

    def read(
        self, account: CrmAccount, emails: Sequence[str], fields: Sequence[str]
    ) -> list[Contact]:
        """As the port says; a field that is empty over there is left out."""
        found: list[Contact] = []
        for start in range(0, len(emails), MOST):
            ids = [{"id": email.lower()} for email in emails[start : start + MOST]]
            body = {"idProperty": "email", "properties": [*fields, "email"], "inputs": ids}
            answer = self._call(account, "POST", f"{_OBJECTS}/read", body)
            if answer.status in answers.SPLIT:
                told = answers.problem(answer)
                raise Permanent(f"{answer.where} answered {answer.status}: {told.message[:300]}")
            found += [_contact(result) for result in answers.batch(answer).results]
        return found

    def fields(self, account: CrmAccount) -> frozenset[str]:
        """As the port says."""
        answer = self._call(account, "GET", _PROPERTIES, None)
        try:
            told = answers.Properties.model_validate_json(answer.body)
        except ValidationError:
            raise Transient(f"{answer.where}: the answer is not a list of properties.") from None
        return frozenset(one.name for one in told.results if not one.modification.fixed)

    def _call(
        self, account: CrmAccount, method: str, path: str, body: Mapping[str, object] | None
    ) -> Answer:
        rest = self._closed.get(account.secret.purpose.owner_id, 0) - time.monotonic()
        if rest > 0:
            wait = timedelta(seconds=rest)
            raise RateLimited("HubSpot's limit of requests is reached.", retry_after=wait)
        near = _is_near(account.base_url)
        client = self.near if near else self.client
        request = client.build_request(
            method,
            account.base_url.rstrip("/") + path,
            content=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._token(account)}",
                "Content-Type": "application/json",
                "Accept": "application/json",
                "User-Agent": "Outrider/0.1",
            },
        )
        answer = call(client, request, key="crm", max_bytes=_BODY, check=answers.check)
        if answers.exhausted(answer.headers):
            until = time.monotonic() + answers.interval(answer.headers).total_seconds()
            self._closed[account.secret.purpose.owner_id] = until
        return answer

    def _token(self, account: CrmAccount) -> str:
        try:
            return self.keyring.open(account.secret.box, account.secret.purpose).decode("ascii")
        except (CannotOpen, UnicodeDecodeError) as error:
            raise Transient(f"The CRM's token cannot be opened: {error}") from None


def _is_near(base_url: str) -> bool:
    parts = urlsplit(base_url)
    near = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if parts.scheme != "https" and not near:
        raise Permanent(f"base_url: {parts.scheme}://{parts.hostname} is not HTTPS.")
    return near


def _input(contact: Contact) -> dict[str, object]:
    return {
        "id": contact.email.lower(),
        "idProperty": "email",
        "objectWriteTraceId": contact.key,
        "properties": contact.properties,
    }


def _contact(result: answers.Result) -> Contact:
    known = {name: value for name, value in result.properties.items() if isinstance(value, str)}
    email = known.get("email", "").lower()
    return Contact(key=result.id, email=email, properties={n: v for n, v in known.items() if v})


def _put_off(contact: Contact) -> Outcome:
    return Outcome(
        key=contact.key,
        state="failed",
        error_code="put_off",
        error="Too many contacts of this batch were refused; the rest is tried again.",
        again=True,
    )
