"""A company's home page: whose it may be, what is a fact about it, and whose fault a failure is."""

from collections.abc import Callable

import httpx2
import pytest

from providers.http import connect
from providers.pages import NoPage, Pages
from schemas.errors import Permanent, RateLimited, Transient
from tests.providers.canned import Canned, CannedWeb

PUBLIC = "93.184.215.14"
HTML = {"content-type": "text/html; charset=utf-8"}
Site = Callable[[httpx2.Request], Canned | Exception]


def home(request: httpx2.Request) -> Canned:
    return Canned(200, headers=HTML, content=b"<title>Acme</title>")


def pages(site: Site, *addresses: str, proxied: bool = False) -> Pages:
    return Pages(connect(transport=CannedWeb(site)), lambda _: addresses, proxied=proxied)


def refused(reader: Pages, url: str) -> tuple[str, str]:
    with pytest.raises(NoPage) as absent:
        reader.fetch(url, key="k")
    return absent.value.state, absent.value.reason


def test_a_direct_call_goes_to_the_checked_address_under_the_sites_name():
    seen: list[httpx2.Request] = []

    def site(request: httpx2.Request) -> Canned | Exception:
        seen.append(request)
        return home(request)

    facts = pages(site, PUBLIC).fetch("https://acme.example/", key="k")
    assert (facts.title, facts.url) == ("Acme", "https://acme.example/")
    assert seen[0].url.host == PUBLIC
    assert seen[0].headers["connection"] == "close"  # two sites on one address share no TLS session
    assert (seen[0].headers["host"], seen[0].extensions["sni_hostname"]) == ("acme.example",) * 2


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
     "224.0.0.1", "192.0.2.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254",
     "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "::7f00:1", "ff02::1"],
)  # fmt: skip
def test_an_address_that_is_not_public_is_never_called(address: str):
    def site(request: httpx2.Request) -> Canned | Exception:
        raise AssertionError("called")

    literal = f"http://[{address}]/" if ":" in address else f"http://{address}/"
    for reader, url in (
        (pages(site, address), "http://acme.example/"),
        (pages(site, PUBLIC, address), "http://acme.example/"),
        (pages(site, PUBLIC), literal),
    ):
        assert refused(reader, url)[0] == "refused"


def test_a_redirect_to_a_private_address_is_not_followed():
    def site(request: httpx2.Request) -> Canned | Exception:
        return Canned(302, headers={"location": "http://internal.acme.example/"})

    addresses = {"acme.example": (PUBLIC,), "internal.acme.example": ("10.0.0.5",)}
    reader = Pages(connect(transport=CannedWeb(site)), addresses.__getitem__, proxied=False)
    assert refused(reader, "http://acme.example/")[0] == "refused"


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("http://other.example/", "elsewhere, to other.example"),
        ("ftp://acme.example/", "elsewhere"),
        ("file:///etc/passwd", "not one that can be called"),
        ("/again", "more than 5 times"),
        ("http://[broken", "not one that can be called"),
        ("http://acme.example:99999/", "not one that can be called"),
    ],
)
def test_a_redirect_out_of_the_site_or_without_end_is_refused(location: str, says: str):
    def site(request: httpx2.Request) -> Canned | Exception:
        return Canned(301, headers={"location": location})

    state, reason = refused(pages(site, PUBLIC), "http://acme.example/")
    assert state == "refused"
    assert says in reason


def test_a_redirect_within_the_site_is_followed():
    def site(request: httpx2.Request) -> Canned | Exception:
        if request.headers["host"] == "acme.co.uk":
            return Canned(308, headers={"location": "//www.acme.co.uk/en?x=1#top"})
        return home(request)

    facts = pages(site, PUBLIC).fetch("https://acme.co.uk/", key="k")
    assert facts.url == "https://www.acme.co.uk/en"


def test_https_that_cannot_be_reached_is_tried_as_http():
    def site(request: httpx2.Request) -> Canned | Exception:
        if request.url.scheme == "https":
            return httpx2.ProxyError("502 Bad Gateway")
        return home(request)

    assert (
        pages(site, proxied=True).fetch("https://acme.example/de", key="k").url
        == "http://acme.example/de"
    )


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Canned(404), "missing"),
        (Canned(410), "missing"),
        (Canned(403), "refused"),
        (Canned(500), "failing"),
        (Canned(503, headers={"retry-after": "9"}), "failing"),
        (Canned(429, headers={"retry-after": "9"}), "refused"),
        (Canned(200, headers={"content-type": "application/pdf"}), "unreadable"),
        (httpx2.ConnectError("refused"), "unreachable"),
        (httpx2.ReadTimeout("late"), "unreachable"),
        (httpx2.RemoteProtocolError("garbled"), "unreachable"),
    ],
)
def test_a_sites_own_trouble_is_a_fact(answer: Canned | Exception, state: str):
    def site(request: httpx2.Request) -> Canned | Exception:
        return answer

    found, reason = refused(pages(site, PUBLIC), "http://acme.example/?token=hidden")
    assert found == state
    assert "acme.example/" in reason
    assert PUBLIC not in reason
    assert "hidden" not in reason


def test_a_host_without_an_address_is_unreachable():
    assert refused(pages(home), "http://acme.example/") == (
        "unreachable",
        "There is no host acme.example.",
    )


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (httpx2.ConnectError("refused"), Transient, "OUTRIDER_EGRESS_PROXY"),
        (Canned(407), Permanent, "OUTRIDER_EGRESS_PROXY"),
        (Canned(429, headers={"retry-after": "9"}), RateLimited, "429"),
    ],
)
def test_the_egress_proxys_trouble_is_ours(
    answer: Canned | Exception, error: type[Exception], says: str
):
    def site(request: httpx2.Request) -> Canned | Exception:
        return answer

    with pytest.raises(error, match=says):
        pages(site, proxied=True).fetch("http://acme.example/", key="k")
