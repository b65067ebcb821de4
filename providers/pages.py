"""A company's own home page. Refuses other companies' pages, private addresses, and anything but HTML."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx2

from providers.guard import public, site
from providers.http import Answer, NotConnected, NoTunnel, call, classify
from providers.markup import read
from schemas.enrichments import PageFacts, PageState
from schemas.errors import Permanent, RateLimited, Transient

MAX_REDIRECTS = 5
_HOST = re.compile(r"[a-z0-9._:-]+", re.IGNORECASE)
_HTML = frozenset({"text/html", "application/xhtml+xml", ""})
_KEPT_OUT = frozenset({401, 403, 429, 451})
_MOVED = frozenset({301, 302, 303, 307, 308})


class NoPage(Exception):
    """There is no page to read, for a reason that is itself a fact about the site."""

    def __init__(self, state: PageState, reason: str) -> None:
        super().__init__(reason)
        self.state, self.reason = state, reason


@dataclass(frozen=True, slots=True)
class Pages:
    """Reads pages through `client`; `proxied` says that an egress proxy decides what may be reached.

    Without one, `addresses` resolves each host and the call goes to an address that was checked.
    """

    client: httpx2.Client
    addresses: Callable[[str], tuple[str, ...]]
    proxied: bool

    def fetch(self, url: str, *, key: str) -> PageFacts:
        """The facts on a page; an https address that cannot be read is tried as http.

        Raises NoPage for everything that the site is to blame for, else Transient, RateLimited or
        Permanent for what our own egress proxy or resolver is to blame for.
        """
        try:
            return self._follow(url, key)
        except NoPage as first:
            if not url.startswith("https://") or first.state not in {"unreachable", "failing"}:
                raise
            return self._follow(f"http://{url.removeprefix('https://')}", key)

    def _follow(self, address: str, key: str) -> PageFacts:
        url = _parsed(address)
        home = site(_host(url))
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._get(url, key)
            if answer.status not in _MOVED:
                return _facts(answer, url)
            url = _parsed(answer.headers.get("location", ""), url)
            if url.scheme not in {"http", "https"} or site(_host(url)) != home:
                raise NoPage("refused", f"The site sends its readers elsewhere, to {_host(url)}.")
        raise NoPage("refused", f"The site redirects more than {MAX_REDIRECTS} times.")

    def _get(self, url: httpx2.URL, key: str) -> Answer:
        request = self._request(url)
        try:
            return call(self.client, request, key=key, check=self._check)
        except RateLimited:
            raise
        except NoTunnel as error:
            raise NoPage("unreachable", str(error)) from error
        except NotConnected as error:
            if self.proxied:
                raise Transient(
                    "The egress proxy takes no calls; check OUTRIDER_EGRESS_PROXY."
                ) from error
            raise NoPage("unreachable", str(error)) from error
        except _SiteFails as error:
            raise NoPage("failing", str(error)) from error
        except Transient as error:
            raise NoPage("unreachable", str(error)) from error

    def _request(self, url: httpx2.URL) -> httpx2.Request:
        """A GET of the page, pinned to a checked address unless a proxy stands between.

        Pinned connections are not kept: two sites on one address must not share a TLS session.
        """
        headers = {"Accept": "text/html,application/xhtml+xml"}
        if self.proxied:
            return self.client.build_request("GET", url, headers=headers)
        headers |= {"Host": url.netloc.decode("ascii"), "Connection": "close"}
        return self.client.build_request(
            "GET",
            url.copy_with(host=self._checked(_host(url))),
            headers=headers,
            extensions={"sni_hostname": _host(url)},
        )

    def _checked(self, host: str) -> str:
        found = tuple(_literal(host)) or self.addresses(host)
        if not found:
            raise NoPage("unreachable", f"There is no host {host}.")
        if not all(public(address) for address in found):
            raise NoPage("refused", f"{host} is not on the public Internet.")
        return found[0]

    def _check(self, answer: Answer) -> None:
        """A site's trouble is a fact about the site; only the proxy's own refusals are ours."""
        if self.proxied and answer.status == 407:
            raise Permanent(
                "The egress proxy wants credentials; set them in OUTRIDER_EGRESS_PROXY."
            )
        if self.proxied and answer.status == 429:
            classify(answer)
        if answer.status >= 500:
            raise _SiteFails(f"{answer.where} answered {answer.status}.")


class _SiteFails(Transient):
    """A 5xx: worth a second try now, and a fact if it stays."""


def _parsed(address: str, base: httpx2.URL | None = None) -> httpx2.URL:
    try:
        url = base.join(address) if base else httpx2.URL(address)
    except (httpx2.InvalidURL, ValueError):
        url = httpx2.URL()
    if not _HOST.fullmatch(_host(url)) or not 0 < (url.port or 80) < 65_536:
        raise NoPage("refused", "The site's address is not one that can be called.")
    return url.copy_with(fragment=None)


def _host(url: httpx2.URL) -> str:
    return url.raw_host.decode("ascii")


def _literal(host: str) -> Iterator[str]:
    try:
        yield str(ipaddress.ip_address(host))
    except ValueError:
        return


def _facts(answer: Answer, url: httpx2.URL) -> PageFacts:
    if answer.status in _KEPT_OUT:
        raise NoPage("refused", f"{answer.where} answered {answer.status}.")
    if answer.status >= 400:
        raise NoPage("missing", f"{answer.where} answered {answer.status}.")
    kind, _, rest = answer.headers.get("content-type", "").partition(";")
    if kind.strip().lower() not in _HTML:
        raise NoPage("unreadable", f"{answer.where} is not a web page but {kind.strip()[:60]}.")
    charset = rest.partition("charset=")[2].split(";")[0].strip(" \"'").lower() or None
    clean = str(url.copy_with(query=None, fragment=None))
    return read(answer.body, url=clean, charset=charset)
