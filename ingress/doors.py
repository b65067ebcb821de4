"""The locked doors that webhooks come in by: whose address, and is the signature its own?

Refuses to say which of the two was wrong.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from db import Database, webhooks
from db.webhooks import Door, Takes
from ingress import bodies, signatures
from ingress.keys import purpose
from ingress.problems import unavailable
from ingress.signatures import Running
from telemetry import logs
from telemetry.secrets import CannotOpen, Keyring

log = logs.get("outrider.ingress")

_SLUG = re.compile(r"[a-z0-9-]{1,63}")


@dataclass(frozen=True, slots=True)
class Doors:
    """The doors of one kind; `at_most` bytes go through one at a time."""

    database: Database
    keyring: Keyring
    takes: Takes
    at_most: int

    async def knock(self, request: Request) -> tuple[str, bytes]:
        """The source that a request names, and its body; nothing is checked yet. Raises Problem."""
        slug: str = request.path_params["source"]
        request.state.facts["source"] = slug if _SLUG.fullmatch(slug) else None
        return slug, await bodies.read(request, at_most=self.at_most)

    def stand_at(self, slug: str, headers: Mapping[str, str]) -> tuple[Door | None, Running]:
        """The door that a request names, perhaps none, and the check of the body that is to arrive.

        Raises Problem: 401 for headers that sign nothing, 503 when the secret cannot be read.
        """
        signatures.external_id(headers)
        door, secret = self._open(slug)
        return door, Running(secret, headers)

    def enter(self, slug: str, headers: Mapping[str, str], body: bytes) -> tuple[Door, str]:
        """The door that this body is signed for, and the sender's own id of the event.

        Raises Problem: 401 for a wrong signature or source, 503 when the secret cannot be read.
        """
        name = signatures.external_id(headers)
        door, secret = self._open(slug)
        if not signatures.is_genuine(secret, headers, body) or door is None:
            raise signatures.refused()
        return door, name

    def _open(self, slug: str) -> tuple[Door | None, bytes | None]:
        if not _SLUG.fullmatch(slug):
            return None, None
        with self.database.hat("ingress") as tx:
            door = webhooks.find_door(tx, slug, self.takes)
        if door is None:
            return None, None
        try:
            return door, self.keyring.open(door.sealed, purpose(door.tenant_id, door.source_id))
        except CannotOpen as error:
            log.error("secret.unopened", source=slug, reason=str(error))  # noqa: TRY400
            raise unavailable("Signatures of this source cannot be checked right now.") from None
