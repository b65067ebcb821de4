"""The HTTP edge as one ASGI application, and the process that serves it."""

import contextlib
import functools
import signal
import socket
from collections.abc import AsyncGenerator, Generator

import uvicorn
from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from db import Database, gauges
from db.logins import refuse_powerful
from db.pool import DatabaseAway
from ingress.doors import Doors
from ingress.edge import HANDLERS, Edge
from ingress.health import Health
from ingress.imports import Imports
from ingress.mail_webhooks import MailWebhooks, body_limit
from ingress.pages import HealthPage
from ingress.unsubscribe import Unsubscribe
from ingress.webhooks import LeadWebhooks
from schemas.errors import Permanent
from schemas.settings import Settings
from telemetry import logs, metrics
from telemetry.bell import Bell, open_bell
from telemetry.secrets import Keyring

log = logs.get("outrider.ingress")


def app(
    database: Database, keyring: Keyring, settings: Settings, *, bell: Bell | None = None
) -> Starlette:
    """The edge on an open database. `bell` is only reported on; the database rings its own."""
    hooks = LeadWebhooks(Doors(database, keyring, "leads", settings.webhook_max_bytes))
    limit = settings.mail_max_bytes
    mail = MailWebhooks(Doors(database, keyring, "mails", body_limit(limit)), limit)
    files = Imports(Doors(database, keyring, "imports", settings.import_max_bytes))
    health = Health(database, bell)
    leaving = Unsubscribe(database)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        # A thread without a connection would only wait for one.
        current_default_thread_limiter().total_tokens = settings.pool_max
        gauge = metrics.watch(functools.partial(gauges.read, database))
        try:
            yield
        finally:
            metrics.REGISTRY.unregister(gauge)

    edge = Starlette(
        routes=[
            Route("/webhooks/leads/{source}", hooks.post, methods=["POST"]),
            Route("/webhooks/mail/{source}", mail.post, methods=["POST"]),
            Route("/imports/{source}", files.post, methods=["POST"]),
            Route("/imports/{source}/{import_id:uuid}", files.show, methods=["GET"]),
            Route("/u/{token:path}", leaving.show, methods=["GET"]),
            Route("/u/{token:path}", leaving.act, methods=["POST"]),
            Route("/health", HealthPage(health, settings.lease).show),
            Route("/live", health.live),
            Route("/ready", health.ready),
            Route("/metrics", health.metrics),
        ],
        middleware=[Middleware(Edge)],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    edge.router.redirect_slashes = False  # a sender that follows no redirects should hear 404
    return edge


def server(application: Starlette) -> uvicorn.Server:
    """The HTTP server; `run(sockets=[…])` returns after a graceful stop."""
    return uvicorn.Server(
        uvicorn.Config(
            application,
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,  # our own pipeline has the handlers
            access_log=False,  # one canonical line instead
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=15,
        )
    )


def serve(settings: Settings) -> None:
    """Answer until SIGTERM or SIGINT, then let open requests finish (15 s at most).

    Starts while Postgres is away, and answers 503 until it is back. Raises BadKey, LoginRefused
    and, when the port is taken, Permanent.
    """
    assert settings.database_url
    assert settings.secret_key
    keyring = Keyring.from_setting(settings.secret_key.get_secret_value())
    bell = open_bell(settings)
    database = Database(
        settings.database_url.get_secret_value(),
        max_size=settings.pool_max,
        bell=bell,
        name="outrider ingress",
        patience=2,
    )
    with contextlib.ExitStack() as stack:
        if bell:
            stack.callback(bell.close)
        stack.callback(database.close)
        listener = stack.enter_context(_listen(settings.ingress_host, settings.ingress_port))
        stack.enter_context(_signals_end_quietly())
        database.open()
        _refuse_powerful(database)
        host, port = listener.getsockname()[:2]
        log.info("ingress.started", host=host, port=port)
        server(app(database, keyring, settings, bell=bell)).run(sockets=[listener])
    log.info("ingress.stopped")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise Permanent(
            f"OUTRIDER_INGRESS_HOST, OUTRIDER_INGRESS_PORT: cannot listen on {host}:{port}: "
            f"{error.strerror or error}."
        ) from None


def _refuse_powerful(database: Database) -> None:
    try:
        refuse_powerful(database)
    except DatabaseAway as error:  # asked again by /ready
        log.warning("database.away", setting="OUTRIDER_DATABASE_URL", reason=str(error))


@contextlib.contextmanager
def _signals_end_quietly() -> Generator[None]:
    """Uvicorn raises the signal again after its stop, which would end us before our own clean-up."""
    before = {
        number: signal.signal(number, lambda _number, _frame: None)
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
