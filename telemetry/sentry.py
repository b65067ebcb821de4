"""Error reports: one per kind of dead letter, one per bug. Refuses bodies, people, local variables."""

from typing import Literal, cast

import sentry_sdk
from pydantic import SecretStr
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration
from sentry_sdk.transport import Transport
from sentry_sdk.types import Event, Hint

from telemetry import traces
from telemetry.redaction import scrub

_PRIVATE = ("request", "user", "breadcrumbs", "extra", "modules", "server_name")
_reported: set[tuple[str, str]] = set()


def configure(
    dsn: SecretStr | None,
    *,
    env: str,
    release: str | None = None,
    transport: Transport | None = None,
) -> None:
    """Report to the project behind `dsn`; without one, nothing is ever sent. Idempotent."""
    _reported.clear()
    sentry_sdk.init(
        dsn=dsn.get_secret_value() if dsn else "",  # None would read SENTRY_DSN
        environment=env,
        release=release,
        transport=transport,
        # An integration that switches itself on would report what it likes: all are named here.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            AtexitIntegration(callback=_flush_silently),
            DedupeIntegration(),
            ExcepthookIntegration(),
            ThreadingIntegration(),
        ],
        spotlight=False,  # SENTRY_SPOTLIGHT would switch personal data on, which is off by default
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        send_client_reports=False,
        auto_session_tracking=False,
        before_send=_before_send,
    )


class WorkerLost(Exception):
    """A job whose process died, or that ran past its deadline, on every attempt."""


def dead(error: BaseException, *, actor: str, fingerprint: str) -> None:
    """Report a kind of dead letter; that it is news, the caller has asked the database."""
    _report(error, actor, fingerprint, level="error")


def bug(error: BaseException, *, actor: str) -> None:
    """Report a failure that nobody foresaw: the first of its class per actor in this process."""
    kind = type(error).__name__
    if (actor, kind) not in _reported:
        _reported.add((actor, kind))
        _report(error, actor, kind, level="warning")


def _report(
    error: BaseException, actor: str, fingerprint: str, *, level: Literal["error", "warning"]
) -> None:
    with sentry_sdk.new_scope() as scope:
        scope.fingerprint = [actor, fingerprint]
        scope.set_tag("actor", actor)
        if trace_id := traces.current():
            scope.set_tag("trace_id", trace_id)
        scope.set_level(level)
        scope.capture_exception(error)


def _before_send(event: Event, _hint: Hint) -> Event:
    for part in _PRIVATE:
        cast(dict[str, object], event).pop(part, None)
    return cast(Event, scrub(event, depth=30))


def _flush_silently(_pending: int, _timeout: float) -> None:
    """The stock callback prints to standard error."""
