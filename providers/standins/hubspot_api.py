"""The part of HubSpot's CRM v3 that outreach uses, as its contract has it: what it takes and answers.

`POST /crm/v3/objects/contacts/batch/upsert`, `POST …/batch/read`, `GET /crm/v3/properties/contacts`.
Refuses what HubSpot refuses, and answers in no particular order.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from pydantic import ConfigDict, Field, StrictStr, ValidationError

from providers.standins.hubspot_store import READ_ONLY, Input, ItemRefused, Record, Store
from providers.standins.hubspot_traps import Springs, Traps
from providers.standins.wire import Json, Reply
from schemas.base import Value

MOST = 100


class _Upsert(Value):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    inputs: list[Input]


class _Id(Value):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    id: StrictStr


class _Read(Value):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    inputs: list[_Id]
    properties: list[StrictStr] = Field(default_factory=list[StrictStr])
    propertiesWithHistory: list[StrictStr] = Field(default_factory=list[StrictStr])  # noqa: N815
    idProperty: StrictStr | None = None  # noqa: N815


@dataclass(slots=True)
class Api:
    """The portal behind one token; None: any token that is not empty."""

    store: Store
    traps: Traps
    token: str | None = None
    seed: int = 1
    asked: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    """Path and status of every answer, lost ones too, in order."""
    _springs: Springs = field(init=False)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._springs = Springs(self.traps)
        self._chance = random.Random(self.seed)  # noqa: S311  (a play, not a secret)

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """What HubSpot answers; header names in lower case."""
        room = self._springs.room()
        reply = self._guarded(room, method, path, headers, body)
        self.asked.append((path, reply.status))
        limits = {
            "X-HubSpot-RateLimit-Max": str(self.traps.limit),
            "X-HubSpot-RateLimit-Remaining": str(max(room, 0)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(self.traps.interval_ms),
            "X-HubSpot-RateLimit-Daily": "250000",
            "X-HubSpot-RateLimit-Daily-Remaining": str(250_000 - len(self.asked)),
        }
        return Reply(reply.status, reply.body, {**limits, **reply.headers}, reply.lost)

    def _guarded(
        self, room: int, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not token or self.token not in {None, token}:
            return self._refused(
                401, "INVALID_AUTHENTICATION", "Authentication credentials not found."
            )
        if room < 0 or self._springs.snaps("throttle"):
            told = {"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}
            text = "You have reached your ten_secondly_rolling limit."
            return self._refused(429, "RATE_LIMITS", text, **told)
        if self._springs.snaps("broken"):
            return self._refused(500, "INTERNAL_ERROR", "internal error")
        return self._routed(method, path, headers.get("content-type", ""), body)

    def _routed(self, method: str, path: str, kind: str, body: bytes) -> Reply:
        if method == "POST" and not kind.startswith("application/json"):
            return self._refused(415, "VALIDATION_ERROR", "Unsupported Media Type")
        match method, path:
            case "POST", "/crm/v3/objects/contacts/batch/upsert":
                return self._upsert(body)
            case "POST", "/crm/v3/objects/contacts/batch/read":
                return self._read(body)
            case "GET", "/crm/v3/properties/contacts":
                return Reply(200, {"results": list(self._properties())})
            case _:
                return self._refused(404, "OBJECT_NOT_FOUND", "resource not found")

    def _refused(self, status: int, category: str, message: str, **more: object) -> Reply:
        correlation = str(UUID(int=self._chance.getrandbits(128), version=4))
        known = {"status": "error", "message": message, "correlationId": correlation}
        return Reply(status, {**known, "category": category, **more})

    def _invalid(self, message: str, code: str = "VALIDATION_ERROR", **more: object) -> Reply:
        errors = [{"message": message, "code": code, **more}]
        return self._refused(400, "VALIDATION_ERROR", message, errors=errors)

    def _upsert(self, body: bytes) -> Reply:
        try:
            inputs = _Upsert.model_validate_json(body).inputs
        except ValidationError as error:
            return self._invalid(f"Invalid input JSON: {_first(error)}")
        if wrong := self._wrong(inputs):
            return wrong
        return self._write(inputs)

    def _wrong(self, inputs: list[Input]) -> Reply | None:
        if not 0 < len(inputs) <= MOST:
            return self._invalid(f"Batch size must be between 1 and {MOST}; it is {len(inputs)}")
        if any(item.idProperty != "email" for item in inputs):
            return self._invalid("idProperty must name a unique property: email")
        if len({item.email for item in inputs}) < len(inputs):
            return self._invalid("Duplicate IDs found in batch input", "DUPLICATE_ID")
        for item in inputs:
            if names := self.store.unknown(item):
                text = f'Property "{names[0]}" does not exist'
                return self._invalid(text, "PROPERTY_DOESNT_EXIST", context={"propertyName": names})
        return None

    def _write(self, inputs: list[Input]) -> Reply:
        self.store.calls += 1
        lost, partial = self._springs.snaps("lost"), self._springs.snaps("partial")
        refused = self._chance.choice(inputs) if partial else None
        silent = self._chance.choice(inputs) if self._springs.snaps("missing") else None
        results: list[Json] = []
        errors: list[Json] = []
        for item in inputs:
            try:
                answered = not lost and item is not silent
                record, new = self.store.upsert(item, answered=answered, passing=item is refused)
            except ItemRefused as error:
                errors.append(_error(item, error))
            else:
                results += [] if item is silent else [_result(item, record, new=new)]
        self._chance.shuffle(results)
        answer: Json = {"status": "COMPLETE", "results": results, **_times()}
        if errors:
            answer |= {"numErrors": len(errors), "errors": errors}
        return Reply(207 if errors else 200, answer, lost=lost)

    def _read(self, body: bytes) -> Reply:
        try:
            asked = _Read.model_validate_json(body)
        except ValidationError as error:
            return self._invalid(f"Invalid input JSON: {_first(error)}")
        if len(asked.inputs) > MOST or asked.idProperty != "email":
            return self._invalid(f"At most {MOST} ids, by idProperty email")
        names = {*asked.properties, "email"}
        found = [
            {"id": record.id, "archived": False, **_dates(),
             "properties": {n: record.properties.get(n) for n in names}}
            for item in asked.inputs
            if (record := self.store.contacts.get(item.id.strip().lower()))
        ]  # fmt: skip
        self._chance.shuffle(found)
        return Reply(200, {"status": "COMPLETE", "results": found, **_times()})

    def _properties(self) -> Iterable[Json]:
        for name in (*self.store.kinds, *READ_ONLY):
            fixed = name in READ_ONLY
            kind = self.store.kinds.get(name, "datetime")
            yield {
                "name": name,
                "label": name,
                "type": kind,
                "hubspotDefined": not name.startswith("outrider_"),
                "modificationMetadata": {"readOnlyValue": fixed, "archivable": not fixed},
            }


def _result(item: Input, record: Record, *, new: bool) -> Json:
    return {
        "id": record.id,
        "new": new,
        "properties": {**record.properties, "hs_object_id": record.id},
        "archived": False,
        **_dates(),
        **({"objectWriteTraceId": item.objectWriteTraceId} if item.objectWriteTraceId else {}),
    }


def _error(item: Input, error: ItemRefused) -> Json:
    return {
        "status": "error",
        "category": error.category,
        "message": str(error),
        "context": {"id": [item.id], "objectWriteTraceId": [item.objectWriteTraceId or ""]},
        "errors": [{"code": error.code, "message": str(error)}],
        "links": {},
    }


def _times() -> Json:
    return {"startedAt": _now(), "completedAt": _now()}


def _dates() -> Json:
    return {"createdAt": _now(), "updatedAt": _now()}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _first(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
