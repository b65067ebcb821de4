"""Public facts about a lead, each with its source. Refuses to overwrite what a person told us."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.addresses import AddressFacts
from schemas.base import Value
from schemas.enums import EmailStatus
from schemas.leads import Person, fingerprint

Operator = Literal[
    "google", "microsoft", "proofpoint", "mimecast", "barracuda", "cisco", "zoho", "fastmail",
    "proton", "amazon", "apple", "yahoo", "ovh", "ionos", "gandi", "yandex", "other",
]  # fmt: skip
Policy = Literal["none", "quarantine", "reject"]
PageState = Literal["ok", "none", "missing", "failing", "unreachable", "refused", "unreadable"]
Source = Literal["given", "address", "dns", "page"]
GIVEN = (
    "first_name", "last_name", "full_name", "title", "phone", "linkedin_url",
    "company_name", "company_domain", "website", "country",
)  # fmt: skip


class PageFacts(Value):
    """What a company's own home page says about the company."""

    url: str
    title: str | None = None
    description: str | None = None
    site_name: str | None = None
    organization: str | None = None
    employees: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    country: str | None = None
    language: str | None = None
    phone: str | None = None
    linkedin_url: str | None = None
    technologies: tuple[str, ...] = ()
    hiring: bool = False


class DomainFacts(Value):
    """What DNS and the home page say about a domain; absence is a fact, doubt is an exception."""

    domain: str
    has_mx: bool
    null_mx: bool = False
    resolves: bool = False
    mail_operator: Operator | None = None
    spf: bool = False
    dmarc: Policy | None = None
    page: PageFacts | None = None
    page_state: PageState = "none"
    page_reason: str | None = None

    @property
    def takes_mail(self) -> bool:
        """An MX, or an address record in its place (RFC 5321 §5.1), and no null MX (RFC 7505)."""
        return not self.null_mx and (self.has_mx or self.resolves)


class Fact(Value):
    """A value and who said so."""

    value: str | int | bool | tuple[str, ...]
    source: Source


class Enrichment(Value):
    """The conclusion about one lead, and the evidence that it rests on."""

    fields: dict[str, Fact]
    email_status: EmailStatus
    address: AddressFacts
    domain: DomainFacts | None = None

    def found(self) -> dict[str, Fact]:
        """Only what nobody had told us."""
        return {name: fact for name, fact in self.fields.items() if fact.source != "given"}

    def fingerprint(self) -> str:
        """Equal for equal evidence and conclusions."""
        return fingerprint(self.to_json())


def site_of(lead: Person, address: AddressFacts) -> str | None:
    """The web site to read when it is not simply that of the e-mail domain."""
    if lead.website or not lead.company_domain or lead.company_domain == address.domain:
        return lead.website
    return f"https://{lead.company_domain}/"


class Question(Value):
    """What to ask the outside world about a lead: a domain, and the site to read if not its own."""

    domain: str
    site: str | None = None


def question(lead: Person, address: AddressFacts) -> Question | None:
    """The question that a lead gives rise to; None when its address points to no company."""
    private = address.free_mail or address.disposable or not address.syntax_ok
    domain = lead.company_domain if private else address.domain
    return Question(domain=domain, site=site_of(lead, address)) if domain else None


def conclude(lead: Person, address: AddressFacts, domain: DomainFacts | None) -> Enrichment:
    """Fill the blanks, strongest source first: given, the page, DNS, the address.

    Pure: the same evidence gives the same conclusion.
    """
    fields = _given(lead)
    page = domain.page if domain else None
    weaker = (*_from_page(page), *_from_dns(domain, address), *_from_address(address, domain))
    for name, value, source in weaker:
        if value is not None and name not in fields:
            fields[name] = Fact(value=value, source=source)
    status = _email_status(address, domain)
    return Enrichment(fields=fields, email_status=status, address=address, domain=domain)


_Finding = tuple[str, str | int | bool | tuple[str, ...] | None, Source]


def _given(lead: Person) -> dict[str, Fact]:
    said: dict[str, str | None] = {name: getattr(lead, name) for name in GIVEN}
    if not said["full_name"] and lead.first_name and lead.last_name:
        said["full_name"] = f"{lead.first_name} {lead.last_name}"
    return {name: Fact(value=text, source="given") for name, text in said.items() if text}


def _from_page(page: PageFacts | None) -> tuple[_Finding, ...]:
    if page is None:
        return ()
    return (
        ("company_name", page.organization or page.site_name, "page"),
        ("website", page.url, "page"),
        ("country", page.country, "page"),
        ("employee_count", page.employees, "page"),
        ("company_linkedin_url", page.linkedin_url, "page"),
        ("company_phone", page.phone, "page"),
        ("company_description", page.description, "page"),
        ("technologies", page.technologies or None, "page"),
        ("hiring", page.hiring, "page"),
    )


def _from_dns(domain: DomainFacts | None, address: AddressFacts) -> tuple[_Finding, ...]:
    if domain is None or address.free_mail:
        return ()
    return (("mail_operator", domain.mail_operator, "dns"),)


def _from_address(address: AddressFacts, domain: DomainFacts | None) -> tuple[_Finding, ...]:
    private = address.free_mail or address.disposable or not address.syntax_ok
    if private or _email_status(address, domain) is EmailStatus.INVALID:
        return ()
    return (("company_domain", address.domain, "address"),)


def _email_status(address: AddressFacts, domain: DomainFacts | None) -> EmailStatus:
    """`invalid` on proof; never `verified`, since only a delivered message proves a mailbox."""
    if not (address.local or address.domain):
        return EmailStatus.NOT_FOUND
    dead = domain is not None and domain.domain == address.domain and not domain.takes_mail
    return EmailStatus.INVALID if dead or not address.syntax_ok else EmailStatus.UNKNOWN
