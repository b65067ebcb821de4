"""A home page's bytes to facts about its company. Refuses nothing: garbage gives few facts, never an error."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser

from providers.jsonld import line, organization
from schemas.enrichments import PageFacts

CHARSETS = frozenset(
    """
    utf-8 utf8 us-ascii ascii iso-8859-1 iso-8859-2 iso-8859-15 latin-1 windows-1250 windows-1251
    windows-1252 windows-1254 cp1252 koi8-r shift_jis euc-jp euc-kr gb2312 gbk gb18030 big5
    """.split()  # noqa: SIM905
)
# Part of a script's, link's or image's address → the tool behind it.
TOOLS: tuple[tuple[str, str], ...] = (
    ("googletagmanager.com", "Google Tag Manager"), ("google-analytics.com", "Google Analytics"),
    ("hs-scripts.com", "HubSpot"), ("hsforms.net", "HubSpot"), ("marketo.net", "Marketo"),
    ("pardot.com", "Salesforce"), ("salesforce.com", "Salesforce"), ("intercom.io", "Intercom"),
    ("intercomcdn.com", "Intercom"), ("zdassets.com", "Zendesk"), ("drift.com", "Drift"),
    ("segment.com", "Segment"), ("hotjar.com", "Hotjar"), ("cdn.shopify.com", "Shopify"),
    ("js.stripe.com", "Stripe"), ("wp-content/", "WordPress"), ("wixstatic.com", "Wix"),
    ("squarespace.com", "Squarespace"), ("webflow.com", "Webflow"), ("linkedin.com/insight", "LinkedIn Insight"),
    ("snap.licdn.com", "LinkedIn Insight"), ("connect.facebook.net", "Meta Pixel"), ("matomo", "Matomo"),
    ("cookiebot.com", "Cookiebot"), ("usercentrics.eu", "Usercentrics"), ("cdn.cloudflare", "Cloudflare"),
)  # fmt: skip
GENERATORS = ("WordPress", "Drupal", "Joomla", "TYPO3", "Wix", "Squarespace", "Webflow", "Shopify", "Hugo", "Ghost")  # fmt: skip
_JOBS = re.compile(
    r"\b(careers?|jobs|join[-_ ]us|we.?re hiring|karriere|stellen(angebote|markt)?|carri[eè]res?|recrutement"
    r"|empleos?|trabaja con nosotros|lavora con noi|vacatures|werken[- ]bij|praca)\b", re.IGNORECASE)  # fmt: skip
_CHARSET = re.compile(rb"charset=[\"']?([\w-]{1,20})", re.IGNORECASE)
_COMPANY_PROFILE = re.compile(r"https?://([a-z]{2,3}\.)?linkedin\.com/(company|school)/[\w%.-]+", re.IGNORECASE)  # fmt: skip


@dataclass(slots=True)
class _Seen:
    """What the parser noted on its way."""

    meta: dict[str, str] = field(default_factory=dict[str, str])
    title: str = ""
    language: str = ""
    linked: list[str] = field(default_factory=list[str])
    scripts: list[str] = field(default_factory=list[str])
    hiring: bool = False


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = _Seen()
        self._inside = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.seen.linked += [values[name] for name in ("src", "href") if values.get(name)]
        if tag == "html":
            self.seen.language = values.get("lang", "")
        elif tag == "meta":
            name = (values.get("property") or values.get("name") or "").lower()
            self.seen.meta.setdefault(name, values.get("content", ""))
        elif tag == "a":
            self.seen.hiring = self.seen.hiring or bool(_JOBS.search(values.get("href", "")))
        if tag in {"title", "a"} or values.get("type", "").lower() == "application/ld+json":
            self._inside, self._text = tag, []

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag != self._inside:
            return
        text, self._inside = "".join(self._text), ""
        if tag == "title":
            self.seen.title = self.seen.title or text
        elif tag == "script":
            self.seen.scripts.append(text)
        else:
            self.seen.hiring = self.seen.hiring or bool(_JOBS.search(text))


def read(body: bytes, *, url: str, charset: str | None = None) -> PageFacts:
    """The facts on a page; total: any bytes give facts that Postgres can hold."""
    reader = _Reader()
    with suppress(AssertionError, ValueError):  # what it saw before it gave up still counts
        reader.feed(_decode(body, charset))
    return _conclude(reader.seen, url)


def _decode(body: bytes, charset: str | None) -> str:
    said = _CHARSET.search(body[:2048])
    name = (charset or (said.group(1).decode("ascii", "ignore") if said else "utf-8")).lower()
    return body.decode(name if name in CHARSETS else "utf-8", "replace")


def _conclude(seen: _Seen, url: str) -> PageFacts:
    about, meta = organization(seen.scripts), seen.meta
    profile = _COMPANY_PROFILE.search(" ".join([*about.profiles, *seen.linked]))
    return PageFacts(
        url=url,
        title=line(seen.title, 300) or line(meta.get("og:title"), 300),
        description=line(meta.get("description") or meta.get("og:description"), 500),
        site_name=line(meta.get("og:site_name"), 200),
        organization=about.name,
        employees=about.employees,
        country=about.country,
        language=_language(seen.language),
        phone=about.phone,
        linkedin_url=line(profile.group(0), 300) if profile else None,
        technologies=_technologies(seen),
        hiring=seen.hiring,
    )


def _language(text: str) -> str | None:
    found = re.match(r"\s*([A-Za-z]{2,3})\b", text)
    return found.group(1).lower() if found else None


def _technologies(seen: _Seen) -> tuple[str, ...]:
    """Tools by the addresses a page loads from and by its generator, sorted."""
    loads = " ".join(seen.linked).lower()
    generator = seen.meta.get("generator", "").lower()
    found = {tool for part, tool in TOOLS if part in loads}
    return tuple(sorted(found | {name for name in GENERATORS if name.lower() in generator}))
