"""One way to call: time-outs, a size limit, short retries, our error words. Refuses to log a query string."""

import ssl
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2
import tenacity

from schemas.errors import Permanent, RateLimited, Transient
from telemetry import traces

AGENT = "Outrider/0.1 (reads company home pages)"
DEADLINE = 15.0  # seconds for one answer, however slowly it drips
LONGEST_WAIT = timedelta(hours=1)


class NotConnected(Transient):
    """Nobody took the call: the site, or the egress proxy when there is one."""


class NoTunnel(Permanent):
    """The egress proxy could not, or would not, reach the site over TLS."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, read up to the size limit; `where` is safe to log."""

    where: str
    status: int
    headers: httpx2.Headers
    body: bytes


def connect(
    proxy: str | None = None, transport: httpx2.BaseTransport | None = None
) -> httpx2.Client:
    """A client that follows no redirect, keeps no cookie, and ignores the environment."""
    return httpx2.Client(
        proxy=proxy,
        transport=transport,
        timeout=httpx2.Timeout(8, connect=4),
        limits=httpx2.Limits(max_connections=100, max_keepalive_connections=20),
        headers={"User-Agent": AGENT, "Accept-Encoding": "gzip"},
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


def retry_after(headers: Mapping[str, str], default: timedelta = timedelta(minutes=1)) -> timedelta:
    """Retry-After as seconds or as an HTTP date (RFC 9110 §10.2.3), at most an hour.

    A date is measured against the answer's own Date, so that our clock does not matter.
    """
    text = headers.get("retry-after", "").strip()
    try:
        wait = timedelta(seconds=int(text)) if text.isdecimal() else _until(text, headers)
    except (ValueError, TypeError, OverflowError):
        return default
    return min(max(wait, timedelta(0)), LONGEST_WAIT)


def _until(date: str, headers: Mapping[str, str]) -> timedelta:
    def moment(text: str) -> datetime:
        seen = parsedate_to_datetime(text)
        return seen if seen.tzinfo else seen.replace(tzinfo=UTC)

    return moment(date) - moment(headers.get("date", ""))


def classify(answer: Answer) -> None:
    """Raise the error that says what to do next, or return for a 2xx, a 3xx and a 404."""
    text = f"{answer.where} answered {answer.status}."
    told = "retry-after" in answer.headers
    if answer.status == 429 or (answer.status == 503 and told):
        raise RateLimited(text, retry_after=retry_after(answer.headers))
    if answer.status == 408 or answer.status >= 500:
        raise Transient(text)
    if answer.status >= 400 and answer.status != 404:
        raise Permanent(text)


def _worth_repeating(error: BaseException) -> bool:
    return isinstance(error, Transient) and not isinstance(error, RateLimited)


_RETRIES = tenacity.Retrying(
    retry=tenacity.retry_if_exception(_worth_repeating),
    stop=tenacity.stop_after_attempt(3) | tenacity.stop_after_delay(6),
    wait=tenacity.wait_exponential(multiplier=0.05, max=1) + tenacity.wait_random(0, 0.05),
    reraise=True,
)


def call(
    client: httpx2.Client,
    request: httpx2.Request,
    *,
    key: str,
    max_bytes: int = 512 * 1024,
    check: Callable[[Answer], None] = classify,
    repeat: bool = True,
) -> Answer:
    """Send a repeatable request, at most three times while the error is Transient.

    Absorbs blips of a second; anything longer is the queue's job. `repeat` False: one try, for calls
    that are paid for each time. `key` travels as X-Outrider-Key, the caller's trace as traceparent.
    Raises what `check` raises, Transient for a broken connection (NotConnected when there never was
    one), NoTunnel when the egress proxy refuses a tunnel.
    """
    request.headers["X-Outrider-Key"] = key
    if parent := traces.parent():
        request.headers["traceparent"] = parent

    def once() -> Answer:
        answer = _exchange(client, request, max_bytes)
        check(answer)
        return answer

    return _RETRIES.copy()(once) if repeat else once()


def _exchange(client: httpx2.Client, request: httpx2.Request, max_bytes: int) -> Answer:
    path = request.url.raw_path.decode("ascii").partition("?")[0]
    where = f"{request.method} {request.url.scheme}://{request.headers['host']}{path}"
    try:
        response = client.send(request, stream=True)
        try:
            body = _read(response, max_bytes)
        finally:
            response.close()
    except httpx2.ProxyError as error:
        raise _refused_tunnel(str(error), where) from error
    except httpx2.TransportError as error:
        raise _broken(error, where) from error
    return Answer(where, response.status_code, response.headers, body)


def _read(response: httpx2.Response, max_bytes: int) -> bytes:
    """The first `max_bytes`, decompressed within the same limit: a small bomb stays small."""
    begun, body = time.monotonic(), bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) >= max_bytes:
            break
        if time.monotonic() - begun > DEADLINE:
            raise httpx2.ReadTimeout(f"no end after {DEADLINE:.0f} seconds")
    if response.headers.get("content-encoding", "").lower() in {"gzip", "x-gzip", "deflate"}:
        try:
            return zlib.decompressobj(47).decompress(bytes(body), max_bytes)
        except zlib.error:
            return b""
    return bytes(body[:max_bytes])


def _refused_tunnel(text: str, where: str) -> Permanent | Transient:
    status = text[:3]
    if status == "407":
        return Permanent(
            "The egress proxy wants other credentials; set them in OUTRIDER_EGRESS_PROXY."
        )
    if status == "429":
        return RateLimited(
            f"The egress proxy answered 429 for {where}.", retry_after=timedelta(minutes=1)
        )
    return NoTunnel(f"{where}: the egress proxy opened no tunnel ({text.strip()}).")


def _broken(error: httpx2.TransportError, where: str) -> Transient:
    """Words that do not change from run to run: no address, no port, no error number."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return Transient(f"{where}: the TLS handshake failed.")
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return NotConnected(f"{where}: no connection could be made.")
    late = isinstance(error, httpx2.TimeoutException)
    return Transient(f"{where}: {'no answer in time' if late else 'the connection broke'}.")
