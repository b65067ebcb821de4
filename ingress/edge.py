"""The outermost layer: a trace id, one log line and one answer per request, whatever happens inside."""

import time
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, ExceptionHandler, Message, Receive, Scope, Send

from db.pool import DatabaseAway
from ingress.problems import Problem, answer, unavailable
from telemetry import logs, metrics, sentry, traces

log = logs.get("outrider.ingress")

_ROUTES = {
    "webhooks": "webhooks", "imports": "imports", "u": "unsubscribe", "health": "health", "live": "live",
    "ready": "ready", "metrics": "metrics",
}  # fmt: skip
"""What a path begins with, and how it is called in metrics and logs, where no token belongs."""


class Edge:
    """ASGI middleware; nothing that happens inside it reaches the server as an exception."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["trace_id"] = traces.accept(Headers(scope=scope).get("traceparent"))
        state["facts"] = {}
        logs.bind(trace_id=state["trace_id"])
        status, started = 0, time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # the process edge: a bug is a 500, and never silence
            sentry.bug(error, actor="ingress")
            log.exception("request.crashed")
            if not status:
                await answer(_CRASH, Request(scope))(scope, receive, watched)
        _report(scope, status, time.perf_counter() - started)


_CRASH = Problem(500, "bug", "This is our fault, and we were told; quote the trace_id if you ask.")


def _report(scope: Scope, status: int, seconds: float) -> None:
    route = _ROUTES.get("".join(scope["path"].split("/")[1:2]), "other")
    metrics.REQUESTS.labels(route, str(status)).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(seconds)
    if route in {"webhooks", "imports", "unsubscribe"}:
        write = log.error if status >= 500 else log.info
        event = _event(route, scope["method"], accepted=status < 300)
        write(event, status=status, ms=round(seconds * 1000, 1), **scope["state"]["facts"])


def _event(route: str, method: str, *, accepted: bool) -> str:
    if route == "imports":
        verb = "posted" if method == "POST" else "shown"
        return f"import.{verb}" if accepted else "import.refused"
    if route == "webhooks":
        return "webhook.accepted" if accepted else "webhook.refused"
    if not accepted:
        return "unsubscribe.refused"
    return "unsubscribe.accepted" if method == "POST" else "unsubscribe.shown"


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return answer(error, request)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    return answer(
        Problem(
            status,
            status.phrase.lower().replace(" ", "-"),
            f"{status.description or status.phrase}.",
            headers=error.headers or {},
        ),
        request,
    )


async def _database(request: Request, error: Exception) -> Response:
    # The reason names hosts and logins: it is for our log, and not for the sender.
    log.warning("database.away", setting="OUTRIDER_DATABASE_URL", reason=str(error))
    return answer(unavailable("The database is away. Nothing was stored; send it again."), request)


async def _gone(request: Request, _error: Exception) -> Response:
    return answer(Problem(400, "incomplete", "The connection ended before the body did."), request)


HANDLERS: dict[type[Exception], ExceptionHandler] = {
    Problem: _problem,
    HTTPException: _http,
    DatabaseAway: _database,
    ClientDisconnect: _gone,
}
