"""Settings to providers: the only place that chooses. Refuses nothing that the settings accept."""

from providers.dns import system
from providers.domains import Domains
from providers.http import connect
from providers.pages import Pages
from providers.ports import Providers
from schemas.settings import Settings


def from_settings(settings: Settings) -> Providers:
    """The providers of production; makes no connection yet.

    Raises ValueError naming the setting when the resolver's address is unusable.
    """
    proxy = str(settings.egress_proxy) if settings.egress_proxy else None
    dns, client = system(settings.dns_server), connect(proxy)
    pages = Pages(client, dns.addresses, proxied=proxy is not None)
    return Providers(domains=Domains(dns, pages), close=client.close)
