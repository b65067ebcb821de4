"""Everything public about a domain in one answer: DNS first, then the home page. Refuses to guess."""

from dataclasses import dataclass

from providers.dns import Dns
from providers.pages import NoPage, Pages
from schemas.addresses import DISPOSABLE, FREE_MAIL
from schemas.enrichments import DomainFacts


@dataclass(frozen=True, slots=True)
class Domains:
    """The `DomainLookup` of production."""

    dns: Dns
    pages: Pages

    def look(self, domain: str, website: str | None, *, key: str) -> DomainFacts:
        """See `providers.ports.DomainLookup.look`."""
        mail = self.dns.mail(domain)
        if website is None and (domain in FREE_MAIL or domain in DISPOSABLE):
            return _without(mail, NoPage("none", f"{domain} is a mail service, not an employer."))
        if website is None and not (mail.resolves or mail.has_mx):
            return _without(mail, NoPage("none", f"There is no host {domain}."))
        try:
            page = self.pages.fetch(website or f"https://{domain}/", key=key)
        except NoPage as absent:
            return _without(mail, absent)
        return mail.model_copy(update={"page": page, "page_state": "ok"})


def _without(mail: DomainFacts, absent: NoPage) -> DomainFacts:
    return mail.model_copy(update={"page_state": absent.state, "page_reason": absent.reason})
