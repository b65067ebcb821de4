"""The edge as a real process: it serves, it keeps secrets to itself, it ends in order."""

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx2
import psycopg
import pytest

from ingress.keys import NewKey
from tests.ingress.conftest import LEAD, Books, Sender, Stored

SECRET_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="  # what the fixture `keyring` holds
PROCESS = """
from ingress.app import serve
from schemas.settings import load
from telemetry import logs, sentry

settings = load()
logs.configure(settings.log_format, settings.log_level)
sentry.configure(settings.sentry_dsn, env=settings.env)
serve(settings)
"""

TELLTALE = """
CREATE FUNCTION public.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'No % and no password=pa55word.', new.email
      USING detail = 'Failing row contains ' || new::text || '.';
END $$;
CREATE TRIGGER tell BEFORE INSERT OR UPDATE ON outrider.leads
    FOR EACH ROW EXECUTE FUNCTION public.tell();
"""


@dataclass(slots=True)
class SentryHost:
    """A Sentry that writes down what it is sent."""

    port: int = 0
    received: list[bytes] = field(default_factory=list[bytes])


@pytest.fixture
def sentry_host() -> Iterator[SentryHost]:
    host = SentryHost()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            zipped = self.headers.get("Content-Encoding") == "gzip"
            host.received.append(gzip.decompress(body) if zipped else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host.port = server.server_port
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield host
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass(slots=True)
class Process:
    """A running edge."""

    child: subprocess.Popen[bytes]
    client: httpx2.Client
    log: Path

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.child.send_signal(number)
        return self.child.wait(20)


@pytest.fixture
def process(dsn: str, sentry_host: SentryHost, tmp_path: Path) -> Iterator[Process]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = tmp_path / "edge.log"
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-P", "-c", PROCESS],
            cwd=tmp_path,
            stdout=output,
            stderr=output,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "OUTRIDER_ENV": "test",
                "OUTRIDER_DATABASE_URL": dsn,
                "OUTRIDER_REDIS_URL": "redis://:pa55word@127.0.0.1:1/0",
                "OUTRIDER_SECRET_KEY": SECRET_KEY,
                "OUTRIDER_SENTRY_DSN": f"http://public@127.0.0.1:{sentry_host.port}/1",
                "OUTRIDER_INGRESS_PORT": str(port),
                "OUTRIDER_LOG_FORMAT": "json",
            },
        )
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        _await_life(child, client, log)
        yield Process(child, client, log)
    child.kill()
    child.wait()


def _await_life(child: subprocess.Popen[bytes], client: httpx2.Client, log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and child.poll() is None:
        try:
            if client.get("/live").is_success:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    pytest.fail(f"The edge did not start: {log.read_text()}")


def test_a_lead_is_taken_while_redis_is_down(process: Process, key: NewKey, books: Books):
    sender = Sender(process.client, key)
    assert sender.post(LEAD, name="evt_1").status_code == 202
    assert sender.post(LEAD, name="evt_1").json()["duplicate"] is True
    assert process.client.get("/ready").json()["redis"] == "away"
    assert books.count() == Stored(events=1, leads=1, jobs=1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_in_order(process: Process, number: signal.Signals):
    assert process.stop(number) == 0
    events = [json.loads(line)["event"] for line in process.log.read_text().splitlines()]
    assert (events[0], events[-1]) == ("ingress.started", "ingress.stopped")


def test_planted_secrets_reach_neither_logs_nor_reports_nor_metrics(
    process: Process, key: NewKey, owner_dsn: str, sentry_host: SentryHost
):
    sender = Sender(process.client, key)
    assert sender.post(LEAD).status_code == 202
    assert sender.post({**LEAD, "email": "eve@"}).status_code == 422
    process.client.post(
        "/webhooks/leads/ada@example.org", headers={"authorization": f"Bearer {key.secret}"}
    )
    process.client.get(f"/{key.secret}?email=ada@example.org")
    with psycopg.connect(owner_dsn) as conn:  # from now on Postgres quotes what it refuses
        conn.execute(TELLTALE)
    crash = sender.post({**LEAD, "title": "Countess", "last_name": "Lovelace"})
    assert (crash.status_code, crash.json()["type"]) == (500, "urn:outrider:problem:bug")
    page = process.client.get("/metrics").text
    assert process.stop() == 0
    texts = {
        "log": process.log.read_text(),
        "reports": b"\n".join(sentry_host.received).decode(),
        "metrics": page,
        "answer": crash.text,
    }
    assert "RaiseException" in texts["log"]
    assert "RaiseException" in texts["reports"]
    assert crash.json()["trace_id"] in texts["log"]
    planted = ("ada@", "example.org", "eve@", "Lovelace", "Countess", "pa55word",
               key.secret, key.secret[6:20], SECRET_KEY)  # fmt: skip
    found = [(place, word) for place, text in texts.items() for word in planted if word in text]
    assert found == []


def test_raw_nonsense_on_the_socket_is_a_400_and_harms_nobody(process: Process):
    port = process.client.base_url.port
    assert port
    for nonsense in (
        b"\x16\x03\x01\x00\xa5",
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: \xff\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(nonsense + b"\r\n\r\n")
            assert line.recv(1000)[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 404"}
    assert process.client.get("/live").status_code == 200


def test_a_sender_that_hangs_up_in_the_middle_is_one_line_and_no_crash(
    process: Process, key: NewKey
):
    port = process.client.base_url.port
    assert port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(
            b"POST /webhooks/leads/crm HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"
        )
    time.sleep(0.2)
    assert process.stop() == 0
    refused = [line for line in process.log.read_text().splitlines() if "webhook.refused" in line]
    assert [json.loads(line)["problem"] for line in refused] == ["incomplete"]
    assert "crashed" not in process.log.read_text()


def test_a_taken_port_is_one_sentence_with_the_settings_name(
    process: Process, dsn: str, tmp_path: Path
):
    port = process.client.base_url.port
    ended = subprocess.run(
        [sys.executable, "-P", "-c", PROCESS],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "OUTRIDER_DATABASE_URL": dsn,
            "OUTRIDER_SECRET_KEY": SECRET_KEY,
            "OUTRIDER_INGRESS_PORT": str(port),
        },
    )
    assert ended.returncode == 1
    assert "OUTRIDER_INGRESS_PORT: cannot listen on 127.0.0.1" in ended.stderr
