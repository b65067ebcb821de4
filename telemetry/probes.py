"""A worker's own `/live`, `/ready` and `/metrics`, on a thread. Refuses every other path and verb."""

import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from prometheus_client import CollectorRegistry

from telemetry.metrics import CONTENT_TYPE, REGISTRY, exposition

_TEXT = "text/plain; charset=utf-8"


class Probes:
    """A small HTTP server for one process; `port` is the real one when 0 was asked for."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        ready: Callable[[], str | None],
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        """`ready` gives None, or the reason why not. Raises OSError when the port is taken."""
        self._server = _Server((host, port), _handler(ready, registry))
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
        )

    def start(self) -> None:
        """Answer from now on, on a daemon thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering and free the port; call once, after `start`."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    """`http.server.HTTPServer` without its reverse look-up of the host's name."""

    allow_reuse_address = True
    daemon_threads = True


def _handler(
    ready: Callable[[], str | None], registry: CollectorRegistry
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5  # seconds that a silent client may hold its thread

        def do_GET(self) -> None:
            match self.path.partition("?")[0]:
                case "/live":
                    self._answer(200, b"alive\n")
                case "/ready":
                    reason = ready()
                    self._answer(503 if reason else 200, f"{reason or 'ready'}\n".encode())
                case "/metrics":
                    self._answer(200, exposition(registry), CONTENT_TYPE)
                case _:
                    self._answer(404, b"Only /live, /ready and /metrics.\n")

        def _answer(self, status: int, body: bytes, kind: str = _TEXT) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Health checks are no news."""

    return Handler
