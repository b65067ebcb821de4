"""`outrider health`: is the process of this machine ready? For container health checks, so it is light."""

import http.client
import json
import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer

from schemas.errors import Permanent
from schemas.settings import Settings, SettingsMissing, load
from scripts.options import Json

_PATIENCE = 4.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (what to ask, not what to listen on)


def health(
    url: Annotated[
        str | None, typer.Option("--url", help="What to ask; none: the worker or the edge here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask a worker or the HTTP edge whether it is ready; exit 1 with the reason when it is not."""
    reason = ask([url] if url else addresses(load()))
    if as_json:
        typer.echo(json.dumps({"ready": reason is None, "reason": reason}))
    elif reason:
        typer.echo(reason, err=True)
    if reason:
        raise typer.Exit(1)


def addresses(settings: Settings) -> list[str]:
    """Where a worker's probes and the edge would answer on this machine, by its settings."""
    places = (
        (settings.metrics_host, settings.metrics_port),
        (settings.ingress_host, settings.ingress_port),
    )
    return [f"http://{_host(host)}:{port}/ready" for host, port in places if port > 0]


def ask(urls: list[str]) -> str | None:
    """None when the first that listens says that it is ready; else the reason why not.

    Raises Permanent for what is no http address.
    """
    reasons: list[str] = []
    for url in urls:
        try:
            status, text = _get(url)
        except (OSError, http.client.HTTPException) as error:
            reasons.append(f"{url} does not answer: {str(error) or type(error).__name__}")
        else:
            return None if status == 200 else f"{url} says {status}: {' '.join(text.split())[:500]}"
    return "; ".join(reasons) or "OUTRIDER_METRICS_PORT: nothing has a port of its own to ask."


def _get(url: str) -> tuple[int, str]:
    # No library that follows redirects or proxies: this asks the own machine and nobody else.
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise Permanent(f"--url: {url!r} should be like http://127.0.0.1:8080/ready.")
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=_PATIENCE)
    try:
        connection.request("GET", parts.path or "/")
        answer = connection.getresponse()
        return answer.status, answer.read(2000).decode(errors="replace")
    finally:
        connection.close()


def _host(host: str) -> str:
    own = _EVERYWHERE.get(host, host)
    return f"[{own}]" if ":" in own else own


def main() -> None:
    """The same without the rest of the command line, which takes a second to import."""
    try:
        reason = ask(addresses(load()))
    except SettingsMissing as error:
        reason = str(error)
    sys.exit(reason)


if __name__ == "__main__":
    main()
