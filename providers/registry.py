"""Settings to providers: the only place that chooses. Refuses nothing that the settings accept."""

import os
from contextlib import ExitStack

from providers.dns import system
from providers.domains import Domains
from providers.http import connect
from providers.hubspot import HubSpot
from providers.imap import Imap
from providers.pages import Pages
from providers.ports import Providers
from providers.smtp import Smtp
from schemas.settings import Settings
from telemetry.secrets import Keyring


def from_settings(settings: Settings) -> Providers:
    """The providers of production; makes no connection yet.

    Raises ValueError naming the setting when the resolver's address is unusable.
    """
    proxy = str(settings.egress_proxy) if settings.egress_proxy else None
    keyring = _keyring(settings)
    dns, client, near = system(settings.dns_server), connect(proxy), connect()
    clients = ExitStack()
    clients.callback(client.close)
    clients.callback(near.close)
    pages = Pages(client, dns.addresses, proxied=proxy is not None)
    return Providers(
        domains=Domains(dns, pages),
        sender=Smtp(keyring),
        reader=Imap(keyring, max_bytes=settings.mail_max_bytes),
        crm=HubSpot(keyring, client, near),
        close=clients.close,
        link_base=settings.link_base,
    )


def _keyring(settings: Settings) -> Keyring:
    """The fleet's keys; without any, one that opens nothing which was ever sealed."""
    if settings.secret_key is None:
        return Keyring([os.urandom(32)])
    return Keyring.from_setting(settings.secret_key.get_secret_value())
