"""The points model: rules as data, one pure function. Refuses a score that its factors do not add up to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.base import Value
from schemas.enrichments import Enrichment
from schemas.enums import EmailStatus, LeadTier
from schemas.leads import Person, fingerprint
from schemas.titles import Function, Seniority, function, seniority

MODEL, MODEL_VERSION = "points", 1
TIERS = ((85, LeadTier.HOT), (60, LeadTier.WARM), (35, LeadTier.COOL), (20, LeadTier.COLD))
TALKS_TO_CUSTOMERS = frozenset({"HubSpot", "Salesforce", "Marketo", "Intercom", "Zendesk", "Drift"})


class Features(Value):
    """Everything the model may look at; equal features give equal scores, for ever."""

    title: str | None = None
    seniority: Seniority = Seniority.UNKNOWN
    function: Function = Function.UNKNOWN
    has_name: bool = False
    has_phone: bool = False
    has_linkedin: bool = False
    company: str | None = None
    has_website: bool = False
    email_status: EmailStatus = EmailStatus.UNKNOWN
    takes_mail: bool = False
    role_address: bool = False
    free_mail: bool = False
    disposable: bool = False
    employees: Annotated[int, Field(ge=0)] | None = None
    business_mail: str | None = None
    dmarc_enforced: bool = False
    technologies: tuple[str, ...] = ()
    hiring: bool = False
    site_broken: bool = False


class Factor(Value):
    """One line of the explanation: so many points, because of a sentence a salesperson understands."""

    name: str
    group: str
    points: int
    because: str


class Score(Value):
    """Points from 0 to 100 and the lines that add up to them, exactly."""

    points: Annotated[int, Field(ge=0, le=100)]
    tier: LeadTier
    factors: tuple[Factor, ...]
    model: str = MODEL
    model_version: int = MODEL_VERSION
    inputs_hash: str

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = sum(factor.points for factor in self.factors)
        if total != self.points:
            raise ValueError(f"the factors add up to {total} and not to {self.points}")
        return self


@dataclass(frozen=True, slots=True)
class Rule:
    """Points for a lead when `when` holds; `{…}` in `because` is filled from the features."""

    group: str
    name: str
    points: int
    when: Callable[[Features], bool]
    because: str


def _rank(points: int, rank: Seniority, because: str) -> Rule:
    return Rule("Authority", rank.value, points, lambda f: f.seniority is rank, because)


def _size(points: int, least: int, most: int, because: str) -> Rule:
    return Rule("Company fit", f"employees_{least}", points,
                lambda f: f.employees is not None and least <= f.employees <= most, because)  # fmt: skip


# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("Start", "base", 15, lambda _: True, "Every lead starts with 15 points."),

    Rule("Data quality", "takes_mail", 8, lambda f: f.takes_mail and f.email_status not in {EmailStatus.INVALID, EmailStatus.NOT_FOUND}, "The address's domain takes mail."),
    Rule("Data quality", "name", 4, lambda f: f.has_name, "We know the person's name."),
    Rule("Data quality", "title", 3, lambda f: f.title is not None, "We know the job title."),
    Rule("Data quality", "company", 3, lambda f: f.company is not None, "We know the company: {company}."),
    Rule("Data quality", "phone", 3, lambda f: f.has_phone, "There is a phone number."),
    Rule("Data quality", "linkedin", 3, lambda f: f.has_linkedin, "There is a LinkedIn profile."),
    Rule("Data quality", "website", 2, lambda f: f.has_website, "We know the company's web site."),

    _rank(22, Seniority.C_LEVEL, "“{title}” leads the company."),
    _rank(20, Seniority.VP, "“{title}” decides on budgets."),
    _rank(17, Seniority.DIRECTOR, "“{title}” directs an area."),
    _rank(15, Seniority.HEAD, "“{title}” heads a department."),
    _rank(10, Seniority.MANAGER, "“{title}” manages people or a budget."),
    _rank(3, Seniority.STAFF, "“{title}” may know who decides."),
    Rule("Authority", "function", 5, lambda f: f.function is not Function.UNKNOWN, "Works in {function}."),

    _size(4, 1, 10, "A small company: {employees} people."),
    _size(11, 11, 50, "A growing company: {employees} people."),
    _size(16, 51, 1000, "The size that buys most: {employees} people."),
    _size(12, 1001, 10_000_000, "A large company, slower to decide: {employees} people."),
    Rule("Company fit", "business_mail", 5, lambda f: f.business_mail is not None, "Mail is run professionally ({business_mail})."),
    Rule("Company fit", "dmarc", 3, lambda f: f.dmarc_enforced, "The domain is protected against forgery, a sign of mature IT."),
    Rule("Company fit", "technologies", 4, lambda f: len(f.technologies) >= 2, "The web site uses several tools we recognise."),

    Rule("Timing", "hiring", 10, lambda f: f.hiring, "The company is hiring."),
    Rule("Timing", "tools", 6, lambda f: not TALKS_TO_CUSTOMERS.isdisjoint(f.technologies), "It already pays for a tool to talk to customers."),

    Rule("Risk", "invalid_address", -15, lambda f: f.email_status is EmailStatus.INVALID, "Mail to this address cannot arrive."),
    Rule("Risk", "disposable", -15, lambda f: f.disposable, "The address is a throw-away one."),
    Rule("Risk", "free_mail", -8, lambda f: f.free_mail, "A private address says little about a company."),
    Rule("Risk", "role_address", -8, lambda f: f.role_address, "A shared mailbox, not a person."),
    Rule("Risk", "site_broken", -4, lambda f: f.site_broken, "The company's web site does not answer."),
)
LIMITS: dict[str, tuple[int, int]] = {
    "Start": (15, 15), "Data quality": (0, 20), "Authority": (0, 25),
    "Company fit": (0, 25), "Timing": (0, 15), "Risk": (-15, 0), "Total": (0, 100),
}
# fmt: on


def features(lead: Person, enrichment: Enrichment) -> Features:
    """What the model sees of a lead: what is stored about the person now, then what was found."""
    known = {name: fact.value for name, fact in enrichment.found().items()}
    address, domain = enrichment.address, enrichment.domain
    company, employees = known.get("company_name"), known.get("employee_count")
    operator = known.get("mail_operator")
    technologies = known.get("technologies")
    named = lead.full_name or (lead.first_name and lead.last_name)
    return Features(
        title=lead.title,
        seniority=seniority(lead.title),
        function=function(lead.title),
        has_name=bool(named),
        has_phone=bool(lead.phone),
        has_linkedin=bool(lead.linkedin_url),
        company=lead.company_name or (company if isinstance(company, str) else None),
        has_website=bool(lead.website or known.get("website")),
        email_status=enrichment.email_status,
        takes_mail=domain is not None and domain.takes_mail,
        role_address=address.role,
        free_mail=address.free_mail,
        disposable=address.disposable,
        employees=employees if isinstance(employees, int) else None,
        business_mail=operator if isinstance(operator, str) and operator != "other" else None,
        dmarc_enforced=domain is not None and domain.dmarc in {"quarantine", "reject"},
        technologies=technologies if isinstance(technologies, tuple) else (),
        hiring=known.get("hiring") is True,
        site_broken=domain is not None and domain.page_state in {"failing", "unreachable"},
    )


def score(seen: Features) -> Score:
    """Points, tier and the reasons; pure, total, and the factors always add up to the points."""
    words = seen.to_json()
    lines = [line for group in LIMITS for line in _group(group, seen, words)]
    lines += _limit("Total", sum(line.points for line in lines))
    points = sum(line.points for line in lines)
    return Score(points=points, tier=tier(points), factors=tuple(lines), inputs_hash=_hash(seen))


def tier(points: int) -> LeadTier:
    """The tier of so many points: hot from 85, warm 60, cool 35, cold 20, dead below."""
    return next((name for least, name in TIERS if points >= least), LeadTier.DEAD)


def _group(group: str, seen: Features, words: dict[str, object]) -> Iterator[Factor]:
    total = 0
    for rule in RULES:
        if rule.group == group and rule.when(seen):
            total += rule.points
            because = rule.because.format_map(words)
            yield Factor(name=rule.name, group=group, points=rule.points, because=because)
    yield from _limit(group, total)


def _limit(group: str, total: int) -> Iterator[Factor]:
    """The line that keeps a group inside its limits, so that a cap is visible like any reason."""
    least, most = LIMITS[group]
    kept = min(max(total, least), most)
    if kept < total:
        yield Factor(name="cap", group=group, points=kept - total,
                     because=f"{group} counts {most} points at most.")  # fmt: skip
    elif kept > total:
        yield Factor(name="floor", group=group, points=kept - total,
                     because=f"{group} counts {least} points at least.")  # fmt: skip


def _hash(seen: Features) -> str:
    return fingerprint({"model": MODEL, "version": MODEL_VERSION, "features": seen.to_json()})
