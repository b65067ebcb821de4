"""Refusals as RFC 9457 problems. Refuses to explain itself in HTML, or with a stack trace."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

_TYPE = "urn:outrider:problem:"
_LONGEST = 200  # characters of a path or a field's name that are quoted back


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; `field` is its path in the document, with dots."""

    field: str
    message: str


@dataclass(eq=False)
class Problem(Exception):
    """The request is refused; `kind` is a stable word for programs, `detail` a sentence for people."""

    status: int
    kind: str
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def __str__(self) -> str:
        return f"{self.status} {self.kind}: {self.detail}"


def answer(problem: Problem, request: Request) -> Response:
    """The problem as `application/problem+json`; leaves its kind for the log line.

    Never fails: what the client sent is quoted in ASCII, and not at length.
    """
    request.state.facts["problem"] = problem.kind
    document: dict[str, object] = {
        "type": _TYPE + problem.kind,
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.scope["path"][:_LONGEST],
        "trace_id": request.state.trace_id,
    }
    if problem.errors:
        document["errors"] = [
            {"field": e.field[:_LONGEST], "message": e.message} for e in problem.errors
        ]
    return Response(
        json.dumps(document).encode(),
        status_code=problem.status,
        headers=dict(problem.headers),
        media_type="application/problem+json",
    )


def unavailable(detail: str) -> Problem:
    """503: nothing was stored, and the same request may work in a few seconds."""
    return Problem(503, "unavailable", detail, headers={"Retry-After": "5"})
