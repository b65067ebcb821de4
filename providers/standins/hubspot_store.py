"""What the HubSpot stand-in holds: contacts by address, their properties, and the archive of writes.

The archive is the truth that a play is counted against: one JSON line per contact written, flushed
before anybody is answered, so a write whose answer is lost is in it.

    {"call", "trace", "id", "email", "properties", "was_new", "answered"}

`call` numbers the upserts that were taken; `answered` is false where the caller never hears of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TextIO

from pydantic import ConfigDict, Field, StrictStr

from schemas.base import Value

LEAD_STATUSES = (
    "NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "ATTEMPTED_TO_CONTACT", "CONNECTED",
    "BAD_TIMING",
)  # fmt: skip

# A portal as HubSpot delivers it, as far as outreach cares, and the properties an operator added.
KINDS: dict[str, str] = {
    "email": "string", "firstname": "string", "lastname": "string", "jobtitle": "string",
    "company": "string", "phone": "phone_number", "website": "string", "country": "string",
    "hs_lead_status": "enumeration", "outrider_status": "string", "outrider_score": "number",
    "outrider_tier": "string", "outrider_last_intent": "string",
}  # fmt: skip
READ_ONLY = ("hs_object_id", "createdate", "lastmodifieddate")


class Input(Value):
    """One contact to upsert, as the contract has it: no association, no null, no number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: StrictStr = Field(min_length=1)
    idProperty: StrictStr | None = None  # noqa: N815  (HubSpot's word)
    objectWriteTraceId: StrictStr | None = None  # noqa: N815
    properties: dict[StrictStr, StrictStr]

    @property
    def email(self) -> str:
        """The address the contact is found by; HubSpot keeps it in lower case."""
        return self.id.strip().lower()


class ItemRefused(Exception):
    """One contact cannot be written; the others can."""

    def __init__(self, code: str, message: str, category: str = "VALIDATION_ERROR") -> None:
        super().__init__(message)
        self.code = code
        self.category = category


@dataclass(slots=True)
class Record:
    """One contact of the portal."""

    id: str
    properties: dict[str, str]


@dataclass(slots=True)
class Store:
    """Contacts by address in lower case; nothing is ever removed."""

    archive: TextIO | None = None
    kinds: Mapping[str, str] = field(default_factory=lambda: dict(KINDS))
    contacts: dict[str, Record] = field(default_factory=dict[str, Record])
    calls: int = 0

    def unknown(self, item: Input) -> list[str]:
        """Properties that the portal does not have, or lets nobody write."""
        return [name for name in item.properties if name not in self.kinds]

    def upsert(
        self, item: Input, *, answered: bool = True, passing: bool = False
    ) -> tuple[Record, bool]:
        """Write one contact and its line; the contact, and whether it is new.

        Raises ItemRefused, for a reason that passes when `passing`.
        """
        if passing:
            raise ItemRefused("TEMPORARY", "Try again in a moment", "INTERNAL_ERROR")
        _check(item, self.kinds)
        new_email = item.properties.get("email", item.email).strip().lower()
        if new_email != item.email and new_email in self.contacts:
            taken = self.contacts[new_email].id
            raise ItemRefused(
                "CONFLICT", f"Contact already exists. Existing ID: {taken}", "CONFLICT"
            )
        record = self.contacts.pop(item.email, None)
        new = record is None
        record = record or Record(str(len(self.contacts) + 100_001), {})
        self.contacts[new_email] = record
        record.properties |= {**item.properties, "email": new_email}
        self._note(item, record, new=new, answered=answered)
        return record, new

    def _note(self, item: Input, record: Record, *, new: bool, answered: bool) -> None:
        if self.archive is None:
            return
        line = {
            "call": self.calls,
            "trace": item.objectWriteTraceId,
            "id": record.id,
            "email": record.properties["email"],
            "properties": item.properties,
            "was_new": new,
            "answered": answered,
        }
        self.archive.write(json.dumps(line) + "\n")
        self.archive.flush()


def _check(item: Input, kinds: Mapping[str, str]) -> None:
    local, _, domain = item.properties.get("email", item.email).strip().partition("@")
    if not local or "." not in domain or " " in domain:
        raise ItemRefused("INVALID_EMAIL", f"Email address {item.id} is invalid")
    for name, value in item.properties.items():
        if kinds[name] == "number" and value and not _is_number(value):
            raise ItemRefused("INVALID_LONG", f'{value} was not a valid number for "{name}"')
        if name == "hs_lead_status" and value and value not in LEAD_STATUSES:
            raise ItemRefused("INVALID_OPTION", f'{value} was not one of the options of "{name}"')


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()
