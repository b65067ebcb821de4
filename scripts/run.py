"""`outrider up|migrate|worker|ingress`: the processes of the fleet, one per command."""

from typing import Annotated

import typer

from db import logins
from db import migrate as migrations
from ingress.app import serve as serve_http
from schemas.errors import Permanent
from schemas.settings import Settings, load
from scripts.environment import environment
from scripts.fleet import Fleet
from scripts.options import Json
from scripts.output import out, print_json
from scripts.signals import on_signal
from telemetry import logs, sentry
from workers.process import serve


def migrate(as_json: Json = False) -> None:
    """Bring the schema up to date, and make the login that the fleet uses."""
    settings = load()
    owner = settings.owner_url or settings.database_url
    applied: list[str] = []
    if owner is None:
        with environment(settings):
            pass  # the embedded servers are migrated when they start
    else:
        url = owner.get_secret_value()
        if not logins.is_owner(url):
            raise Permanent("OUTRIDER_OWNER_URL: migrations need the login that owns the schema.")
        applied = migrations.migrate(url)
        fleet = settings.database_url if settings.owner_url else None
        logins.make_app_login(url, fleet_dsn=fleet.get_secret_value() if fleet else None)
    if as_json:
        print_json({"applied": applied, "login": logins.APP})
    else:
        out.print("\n".join(applied) or "The schema is up to date.", highlight=False)


def worker(
    only: Annotated[str, typer.Option(help="Actors or queues, comma-separated; none: all.")] = "",
    direct: Annotated[
        bool, typer.Option("--direct", help="Claim straight from Postgres; no Redis is needed.")
    ] = False,
) -> None:
    """Run actors until a signal, then drain; a second signal ends at once.

    Exit code 75 (OUTRIDER_MEMORY_MAX, OUTRIDER_MAX_JOBS): it drained, and wants to be started again.
    """
    with environment(load(**({"direct": True} if direct else {}))) as settings:
        prepare(settings)
        code = serve(settings, only=_names(only), stop=on_signal())
    raise typer.Exit(code)


def ingress() -> None:
    """Serve webhooks and health until a signal."""
    with environment(load()) as settings:
        prepare(settings)
        serve_http(settings)


def up(
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = 2,
) -> None:
    """Run the whole fleet here: servers, edge and workers, until Ctrl-C."""
    stop = on_signal()
    with environment(load()) as settings, Fleet(settings) as fleet:
        port = fleet.start_ingress()
        for _ in range(workers):
            fleet.start_worker()
        out.print(f"Webhooks at http://{settings.ingress_host}:{port}/webhooks/leads/SOURCE")
        out.print(f"{workers} workers run; Ctrl-C stops everything that was started here.")
        while not stop.wait(1.0):
            fleet.restart_the_dead()


def prepare(settings: Settings) -> None:
    """Logs and error reports of a process that stays."""
    logs.configure(settings.log_format, settings.log_level)
    sentry.configure(settings.sentry_dsn, env=settings.env)


def _names(only: str) -> list[str]:
    return [name.strip() for name in only.split(",") if name.strip()]
