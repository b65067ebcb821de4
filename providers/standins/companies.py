"""The invented companies behind the stand-in web, and what a look-up of each must find.

Refuses to share a line with the code that reads pages: the expectation stands on its own.
"""

import json
import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from providers.guard import site
from schemas.addresses import DISPOSABLE, FREE_MAIL
from schemas.enrichments import DomainFacts, Operator, PageFacts, PageState, Policy

Page = Literal["fine", "slow", "moved", "elsewhere", "garbage", "document", "missing", "failing"]
Mail = Literal["mx", "null", "address", "gone"]

_PAGES: dict[Page, int] = {
    "fine": 70, "slow": 3, "moved": 10, "elsewhere": 2,
    "garbage": 4, "document": 2, "missing": 5, "failing": 4,
}  # fmt: skip
_MAIL: dict[Mail, int] = {"mx": 91, "null": 2, "address": 4, "gone": 3}
EXCHANGES: dict[Operator, str] = {
    "google": "aspmx.l.google.com", "microsoft": "acme.mail.protection.outlook.com",
    "proofpoint": "mx1.pphosted.com", "mimecast": "eu-smtp-inbound-1.mimecast.com",
    "zoho": "mx.zoho.eu", "ovh": "mx1.mail.ovh.net", "yahoo": "mta5.am0.yahoodns.net",
    "other": "mail.hosting.example",
}  # fmt: skip
_OPERATORS: tuple[Operator, ...] = ("google", "microsoft", "microsoft", "google", "proofpoint", "mimecast", "zoho", "ovh", "other")  # fmt: skip
_BIG: dict[str, Operator] = {
    "gmail": "google", "googlemail": "google", "outlook": "microsoft", "hotmail": "microsoft",
    "live": "microsoft", "msn": "microsoft", "yahoo": "yahoo", "ymail": "yahoo", "aol": "yahoo",
}  # fmt: skip
_TOOLS = {
    "Google Tag Manager": "https://www.googletagmanager.com/gtm.js", "HubSpot": "//js.hs-scripts.com/1.js",
    "Intercom": "https://widget.intercom.io/widget/x", "Hotjar": "https://static.hotjar.com/c/h.js",
    "Zendesk": "https://static.zdassets.com/e.js", "Segment": "https://cdn.segment.com/a.js",
}  # fmt: skip
_FORMS = {"DE": "GmbH", "FR": "SAS", "GB": "Ltd", "US": "Inc.", "ES": "S.L.", "IT": "S.r.l.", "NL": "B.V."}  # fmt: skip
_LANGUAGES = {"DE": "de", "FR": "fr", "GB": "en", "US": "en", "ES": "es", "IT": "it", "NL": "nl"}


@dataclass(frozen=True, slots=True)
class Company:
    """One invented company: how its site and its mail behave, and what its page says."""

    domain: str
    page: Page
    mail: Mail
    operator: Operator
    spf: bool
    dmarc: Policy | None
    name: str
    employees: int
    country: str
    tools: tuple[str, ...]
    hiring: bool

    @property
    def address(self) -> bool:
        """Whether the domain has an A record."""
        return self.mail != "gone"


@lru_cache(maxsize=20_000)
def company(host: str, seed: int) -> Company:
    """The company behind a host; the same for ever for the same seed."""
    domain = site(host)
    dice = random.Random(f"{seed}:{domain}")  # noqa: S311  (a world, not a secret)
    country = dice.choice(list(_FORMS))
    label = domain.partition(".")[0]
    service = domain in FREE_MAIL or domain in DISPOSABLE
    page = dice.choices(list(_PAGES), list(_PAGES.values()))[0]
    mail = dice.choices(list(_MAIL), list(_MAIL.values()))[0]
    operator = dice.choice(_OPERATORS)
    return Company(
        domain=domain,
        page=page,
        mail="mx" if service else mail,
        operator=_BIG.get(label, "other") if service else operator,
        spf=dice.random() < 0.85,
        dmarc=dice.choice((None, "none", "none", "quarantine", "reject", "reject")),
        name=f"{label.replace('-', ' ').title()} {_FORMS[country]}",
        employees=int(10 ** dice.uniform(0.3, 4.2)),
        country=country,
        tools=tuple(sorted(dice.sample(list(_TOOLS), dice.randrange(4)))),
        hiring=dice.random() < 0.4,
    )


def html(about: Company) -> bytes:
    """The company's home page."""
    data = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": about.domain},
            {
                "@type": "Organization",
                "name": about.name,
                "numberOfEmployees": {"@type": "QuantitativeValue", "value": about.employees},
                "address": {"@type": "PostalAddress", "addressCountry": about.country},
                "sameAs": [f"https://www.linkedin.com/company/{about.domain.replace('.', '-')}"],
            },
        ],
    }
    scripts = "".join(f'<script async src="{_TOOLS[tool]}"></script>' for tool in about.tools)
    jobs = '<a href="/careers">Careers</a>' if about.hiring else '<a href="/about">About us</a>'
    return (
        f'<!doctype html><html lang="{_LANGUAGES[about.country]}-{about.country}"><head>'
        f'<meta charset="utf-8"><title>{about.name} | Home</title>'
        f'<meta name="description" content="{about.name} makes things &amp; sells them.">'
        f'<meta property="og:site_name" content="{about.domain}">'
        f'<script type="application/ld+json">{json.dumps(data)}</script>{scripts}</head>'
        f"<body><nav>{jobs}</nav><h1>{about.name}</h1></body></html>"
    ).encode()


def garbage(about: Company) -> bytes:
    """Bytes that are no page: no reader may find a fact in them, or fall over them."""
    dice = random.Random(about.domain)  # noqa: S311
    return b"\0\xff<!-- \xfe<title " + bytes(dice.randrange(0x80, 0x100) for _ in range(2000))


def expected_domain(domain: str, seed: int, website: str | None = None) -> DomainFacts:
    """What `DomainLookup.look(domain, website)` must find behind the stand-in's proxy and resolver."""
    about = company(domain, seed)
    page, state, reason = _expected_page(about, website, seed)
    exists = about.mail != "gone"
    return DomainFacts(
        domain=domain,
        has_mx=about.mail == "mx",
        null_mx=about.mail == "null",
        resolves=about.address,
        mail_operator=about.operator if about.mail == "mx" else None,
        spf=exists and about.spf,
        dmarc=about.dmarc if exists else None,
        page=page,
        page_state=state,
        page_reason=reason,
    )


def _expected_page(
    owner: Company, website: str | None, seed: int
) -> tuple[PageFacts | None, PageState, str | None]:
    if website is None and (owner.domain in FREE_MAIL or owner.domain in DISPOSABLE):
        return None, "none", f"{owner.domain} is a mail service, not an employer."
    if website is None and owner.mail == "gone":
        return None, "none", f"There is no host {owner.domain}."
    url = (website or f"https://{owner.domain}/").replace("https://", "http://")
    host = url.split("/")[2]
    about = company(host, seed)
    absent: dict[Page, tuple[PageState, str]] = {
        "elsewhere": ("refused", "The site sends its readers elsewhere, to parked.example."),
        "document": ("unreadable", f"GET {url} is not a web page but application/pdf."),
        "missing": ("missing", f"GET {url} answered 404."),
        "failing": ("failing", f"GET {url} answered 500."),
    }
    if about.page in absent:
        return None, *absent[about.page]
    if about.page == "garbage":
        return PageFacts(url=url), "ok", None
    moved = about.page == "moved" and not host.startswith("www.")
    return _page(about, f"http://www.{host}/" if moved else url), "ok", None


def _page(about: Company, url: str) -> PageFacts:
    return PageFacts(
        url=url,
        title=f"{about.name} | Home",
        description=f"{about.name} makes things & sells them.",
        site_name=about.domain,
        organization=about.name,
        employees=about.employees,
        country=about.country,
        language=_LANGUAGES[about.country],
        linkedin_url=f"https://www.linkedin.com/company/{about.domain.replace('.', '-')}",
        technologies=about.tools,
        hiring=about.hiring,
    )
