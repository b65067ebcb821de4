"""One way to call: what each kind of trouble becomes."""

import gzip
import socket
from datetime import timedelta

import httpx2
import pytest

from providers.http import NotConnected, NoTunnel, call, connect, retry_after
from schemas.errors import Permanent, RateLimited, Transient
from tests.providers.canned import Canned, CannedWeb

URL = "http://vendor.example/v1/things?token=hidden#part"


class Vendor:
    """Answers in order, repeating the last answer, and keeps what it was asked."""

    def __init__(self, *answers: Canned | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> Canned | Exception:
        self.requests.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def ask(vendor: Vendor, max_bytes: int = 1000) -> bytes:
    with connect(transport=CannedWeb(vendor)) as client:
        return call(
            client, client.build_request("GET", URL), key="lead:1", max_bytes=max_bytes
        ).body


def test_the_answer_comes_back_and_the_question_carries_its_key():
    vendor = Vendor(Canned(200, content=b"hello"))
    assert ask(vendor) == b"hello"
    assert vendor.requests[0].headers["x-outrider-key"] == "lead:1"


def test_a_blip_is_absorbed():
    vendor = Vendor(httpx2.ReadError("reset"), Canned(502), Canned(200, content=b"x"))
    assert ask(vendor) == b"x"
    assert len(vendor.requests) == 3


@pytest.mark.parametrize(
    ("answer", "error", "calls"),
    [
        (Canned(500), Transient, 3),
        (Canned(408), Transient, 3),
        (httpx2.ConnectError("refused"), NotConnected, 3),
        (httpx2.ReadTimeout("late"), Transient, 3),
        (Canned(429), RateLimited, 1),
        (Canned(503, headers={"retry-after": "7"}), RateLimited, 1),
        (Canned(401), Permanent, 1),
        (httpx2.ProxyError("502 Bad Gateway"), NoTunnel, 1),
        (httpx2.ProxyError("429 Too Many"), RateLimited, 1),
        (httpx2.ProxyError("407 Who are you"), Permanent, 1),
    ],
)  # fmt: skip
def test_trouble_becomes_the_word_that_says_what_to_do_next(
    answer: Canned | Exception, error: type[Exception], calls: int
):
    vendor = Vendor(answer)
    with pytest.raises(error) as raised:
        ask(vendor)
    assert type(raised.value) is error
    assert len(vendor.requests) == calls
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30 GMT", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 30),
        ({"retry-after": "Sat, 21 Nov 2026 09:00:00 GMT", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 0),
        ({"retry-after": "999999999999999999999"}, 60),
        ({"retry-after": "86400"}, 3600),
        ({"retry-after": "soon"}, 60),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30 GMT"}, 60),
        ({}, 60),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_and_never_absurd(headers: dict[str, str], seconds: int):
    assert retry_after(headers) == timedelta(seconds=seconds)


def test_a_long_answer_is_cut_and_a_small_bomb_stays_small():
    assert len(ask(Vendor(Canned(200, content=b"x" * 5000)))) == 1000

    def squeezed(body: bytes) -> Vendor:
        headers = {"content-encoding": "gzip"}
        return Vendor(Canned(200, headers=headers, content=body))

    assert ask(squeezed(gzip.compress(b"hello"))) == b"hello"
    assert len(ask(squeezed(gzip.compress(b"0" * 900_000)))) == 1000
    assert ask(squeezed(b"no gzip")) == b""


def test_no_cookie_is_kept():
    vendor = Vendor(Canned(200, headers={"set-cookie": "a=1; Path=/"}))
    with connect(transport=CannedWeb(vendor)) as client:
        for _ in range(2):
            call(client, client.build_request("GET", URL), key="k")
    assert "cookie" not in vendor.requests[1].headers


def test_a_port_where_nobody_listens_is_not_connected():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with connect() as client, pytest.raises(NotConnected, match="no connection"):
        call(client, client.build_request("GET", url), key="k")
