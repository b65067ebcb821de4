"""Who sent this? Standard Webhooks signatures over the raw bytes (standardwebhooks.com).

Refuses to say which part was wrong: an unknown source and a bad signature look the same.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from ingress.problems import Problem

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_EXTERNAL_ID = re.compile(r"[\x21-\x7e]{1,200}")
_TOKENS = 8  # signatures of a sender that rotates its key: two, in practice
_DECOY = secrets.token_bytes(32)
"""Signs nothing: an unknown source costs the same time as a bad signature."""


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base64, as every Standard Webhooks library takes it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def refused(
    detail: str = "Source, secret and signature do not fit each other, or the webhook-timestamp is "
    "more than five minutes from now. Sign the exact bytes that you send.",
) -> Problem:
    """401; the same for a source that does not exist."""
    return Problem(401, "not-signed", detail, headers={"WWW-Authenticate": "StandardWebhooks"})


def external_id(headers: Mapping[str, str]) -> str:
    """The sender's own id of the event. Raises Problem (401) when the three headers are not there."""
    missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if not headers.get(name)]
    if missing:
        raise refused(f"The header {missing[0]} is missing; sign as standardwebhooks.com says.")
    if not _EXTERNAL_ID.fullmatch(headers[ID]):
        raise refused(f"The header {ID} must be 1 to 200 printable ASCII characters.")
    return headers[ID]


def is_genuine(secret: bytes | None, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the signatures is right and fresh; None stands for an unknown source.

    Compares in constant time. Never raises, whatever the headers hold.
    """
    signed = {name: headers[name] for name in (ID, TIMESTAMP)}
    # The library stumbles over a token that is not version,base64, and would miss a good one.
    tokens = [token for token in headers[SIGNATURE].split() if token.startswith("v1,")][:_TOKENS]
    fits = any(_fits(secret or _DECOY, {**signed, SIGNATURE: token}, body) for token in tokens)
    return fits and secret is not None


class Running:
    """The check of a body that arrives in pieces and is kept nowhere; None stands for an unknown source.

    Raises Problem (401) when the headers cannot be those of a signed body.
    """

    def __init__(self, secret: bytes | None, headers: Mapping[str, str]) -> None:
        name = external_id(headers)
        self._known = secret is not None
        self._fresh = _is_fresh(secret or _DECOY, {ID: name, TIMESTAMP: headers[TIMESTAMP]})
        begin = f"{name}.{headers[TIMESTAMP].strip()}.".encode()
        self._mac = hmac.new(secret or _DECOY, begin, hashlib.sha256)
        self._tokens = [one[3:] for one in headers[SIGNATURE].split() if one.startswith("v1,")]

    def feed(self, piece: bytes) -> None:
        """The next bytes of the body."""
        self._mac.update(piece)

    def is_genuine(self) -> bool:
        """Whether one of the signatures is right and fresh; in constant time, and never raises."""
        right = base64.b64encode(self._mac.digest())
        fits = [hmac.compare_digest(right, token.encode()) for token in self._tokens[:_TOKENS]]
        return any(fits) and self._fresh and self._known


def _is_fresh(secret: bytes, signed: dict[str, str]) -> bool:
    """What the library says of the time alone, by an empty body that we sign ourselves."""
    try:
        stamp = datetime.fromtimestamp(int(signed[TIMESTAMP]), UTC)
        seal = Webhook(secret).sign(signed[ID], stamp, "")
    except (ValueError, OverflowError, OSError):
        return False
    return _fits(secret, {**signed, SIGNATURE: seal}, b"")


def _fits(secret: bytes, headers: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: base64, or a body that is no UTF-8
        return False
    return True
