"""A world that does what it is told, and counts. Refuses to touch the network."""

from collections import Counter
from collections.abc import Callable
from threading import Lock

from providers.fake_crm import FakeCrm
from providers.fake_mail import FakeReader, FakeSender
from providers.fake_model import FakeModel
from providers.ports import ModelAccount, Providers, VendorAccount
from schemas.enrichments import DomainFacts, PageFacts
from schemas.errors import JobError

Reply = DomainFacts | JobError


def acme(domain: str) -> DomainFacts:
    """A well-run company of 120 people, whatever its domain is called."""
    page = PageFacts(
        url=f"https://{domain}/", title="Acme", organization="Acme", employees=120, country="DE"
    )
    return DomainFacts(
        domain=domain, has_mx=True, resolves=True, mail_operator="google",
        spf=True, dmarc="reject", page=page, page_state="ok",
    )  # fmt: skip


class FakeDomains:
    """A `DomainLookup` that gives, or raises, what `answer` returns for a domain; thread-safe."""

    def __init__(self, answer: Callable[[str], Reply] = acme) -> None:
        self.answer = answer
        self.calls: Counter[str] = Counter()
        self.domains: Counter[str] = Counter()
        self._lock = Lock()

    def look(self, domain: str, website: str | None, *, key: str) -> DomainFacts:
        """Counts the call under its key and its domain, then answers; `website` is ignored."""
        del website
        with self._lock:
            self.calls[key] += 1
            self.domains[domain] += 1
        reply = self.answer(domain)
        if isinstance(reply, JobError):
            raise reply
        return reply


class FakeKeys:
    """A `KeyChecker` that takes every secret, unless `refusal` is set; counts what it was asked."""

    def __init__(self) -> None:
        self.refusal: JobError | None = None
        self.asked: Counter[str] = Counter()

    def check(self, account: VendorAccount) -> None:
        """Counts by vendor."""
        self.asked[account.vendor.name] += 1
        if self.refusal:
            raise self.refusal


def world(
    domains: FakeDomains | None = None,
    sender: FakeSender | None = None,
    reader: FakeReader | None = None,
    crm: FakeCrm | None = None,
    model: FakeModel | None = None,
    keys: FakeKeys | None = None,
) -> Providers:
    """Providers for tests and benchmarks: everything works unless told otherwise.

    The house has a language model only when one is given.
    """
    return Providers(
        domains=domains or FakeDomains(),
        sender=sender or FakeSender(),
        reader=reader or FakeReader(),
        crm=crm or FakeCrm(),
        model=model or FakeModel(),
        house_model=ModelAccount("https://model.test/v1", "fake-1", None) if model else None,
        keys=keys or FakeKeys(),
    )
