"""Bytes to a lead. Refuses what two JSON readers would understand differently, with its place."""

import asyncio
import json
from typing import Never

from pydantic import ValidationError
from starlette.requests import Request

from ingress.problems import FieldError, Problem
from schemas.leads import LeadIn
from schemas.refusals import refusals

_PATIENCE = 10.0  # seconds for a body to arrive
_LONGEST_NUMBER = 100


class _Refused(ValueError):
    """The text is JSON in a way that we do not take."""


async def read(request: Request, *, at_most: int) -> bytes:
    """The raw body. Raises Problem: 413 beyond `at_most` bytes, 408 when it does not arrive."""
    body = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE):
            async for chunk in request.stream():
                body += chunk
                if len(body) > at_most:
                    raise Problem(413, "too-large", f"The body may have at most {at_most} bytes.")
    except TimeoutError:
        raise Problem(408, "too-slow", f"The body took more than {_PATIENCE:.0f} s.") from None
    return bytes(body)


def parse(body: bytes) -> object:
    """Strict JSON (RFC 8259): UTF-8, every name once, finite numbers. Raises Problem (400)."""
    try:
        return json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_float,
        )
    except UnicodeDecodeError as error:
        detail = f"The body is not UTF-8: byte {error.start + 1}."
    except json.JSONDecodeError as error:
        detail = f"Not JSON: {error.msg}, line {error.lineno}, column {error.colno}."
    except RecursionError:
        detail = "Not a lead: nested too deeply."
    except _Refused as error:
        detail = f"Not taken: {error}."
    raise Problem(400, "bad-json", detail)


def validate(document: object) -> LeadIn:
    """The lead that a document describes. Raises Problem (422) that names every wrong field."""
    try:
        return LeadIn.model_validate(document)
    except ValidationError as error:
        errors = [FieldError(field, message) for field, message in refusals(error)]
    detail = "; ".join(f"{error.field} {error.message}" for error in errors) + "."
    raise Problem(422, "not-a-lead", detail[:500], errors=errors)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if "\0" in name or any("\ud800" <= letter <= "\udfff" for letter in name):
            raise _Refused("a field's name has a NUL or half a surrogate pair")
        if name in found:
            raise _Refused(f"the field {name[:100]!r} comes twice")
        found[name] = value
    return found


def _constant(word: str) -> Never:
    raise _Refused(f"{word} is not a JSON number")


def _integer(digits: str) -> int:
    return int(_short(digits))


def _float(digits: str) -> float:
    number = float(_short(digits))
    if number in {float("inf"), float("-inf")}:
        raise _Refused(f"the number {digits} is too large")
    return number


def _short(digits: str) -> str:
    if len(digits) > _LONGEST_NUMBER:
        raise _Refused(f"a number has {len(digits)} digits; send it as text")
    return digits
