"""Other sides that repeat every secret they are told, and an inbox for error reports."""

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer, StreamRequestHandler, ThreadingTCPServer
from threading import Thread


@contextmanager
def _serving(server: BaseServer) -> Iterator[int]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]  # type: ignore[index, misc]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Smtp(StreamRequestHandler):
    """Refuses a login, quoting it as it came and as it was meant."""

    def handle(self) -> None:
        self.wfile.write(b"220 rude.test\r\n")
        for line in self.rfile:
            verb, _, rest = line.decode().strip().partition(" ")
            if verb.upper() in {"EHLO", "HELO"}:
                self.wfile.write(b"250-rude.test\r\n250 AUTH PLAIN\r\n")
            elif verb.upper() == "AUTH":
                coded = rest.partition(" ")[2]
                word = base64.b64decode(coded).decode().rpartition("\0")[2]
                self.wfile.write(f"535 5.7.8 {coded} is {word}, {word.encode().hex()}\r\n".encode())
            else:
                self.wfile.write(b"221 bye\r\n")
                return


class _Imap(StreamRequestHandler):
    """The same over IMAP."""

    def handle(self) -> None:
        self.wfile.write(b"* OK [CAPABILITY IMAP4rev1] rude.test\r\n")
        for line in self.rfile:
            tag, _, command = line.decode().strip().partition(" ")
            if command.upper().startswith("LOGIN"):
                word = command.rpartition(" ")[2].strip('"')
                coded = base64.b64encode(word.encode()).decode()
                self.wfile.write(f"{tag} NO [AUTHENTICATIONFAILED] {word} {coded}\r\n".encode())
            elif command.upper() == "LOGOUT":
                self.wfile.write(f"* BYE\r\n{tag} OK bye\r\n".encode())
                return
            else:
                self.wfile.write(f"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n".encode())


def _http(answer: Callable[[BaseHTTPRequestHandler, bytes], tuple[int, object]]) -> ThreadingHTTPServer:  # fmt: skip
    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, told = answer(self, body)
            raw = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = _reply  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Not on our standard error."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def _repeat(request: BaseHTTPRequestHandler, _body: bytes) -> tuple[int, object]:
    told = " ".join(f"{name}: {value}" for name, value in request.headers.items())
    token = request.headers.get("authorization", "").rpartition(" ")[2]
    coded = base64.b64encode(token.encode()).decode()
    words = f"{told} {coded}"
    return 401, {"status": "error", "category": f"BAD_{token}", "message": words, "errors": []}


class Rude:
    """Ports of the rude servers, and the error reports that came in, as they were sent."""

    def __init__(self, stack: ExitStack) -> None:
        ThreadingTCPServer.allow_reuse_address = True
        ThreadingTCPServer.daemon_threads = True
        self.reports: list[str] = []
        self.smtp = stack.enter_context(_serving(ThreadingTCPServer(("127.0.0.1", 0), _Smtp)))
        self.imap = stack.enter_context(_serving(ThreadingTCPServer(("127.0.0.1", 0), _Imap)))
        self.http = stack.enter_context(_serving(_http(_repeat)))
        self.sentry = stack.enter_context(_serving(_http(self._take)))

    def _take(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, object]:
        zipped = request.headers.get("content-encoding") == "gzip"
        self.reports.append((gzip.decompress(body) if zipped else body).decode())
        return 200, {}
