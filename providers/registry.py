"""Settings to providers: the only place that chooses. Refuses nothing that the settings accept."""

import os
from contextlib import ExitStack
from uuid import UUID

from providers.dns import system
from providers.domains import Domains
from providers.http import connect
from providers.hubspot import HubSpot
from providers.imap import Imap
from providers.integrations import KeyChecks
from providers.openai_compatible import OpenAiCompatible
from providers.pages import Pages
from providers.ports import ModelAccount, Providers
from providers.smtp import Smtp
from schemas.settings import Settings
from telemetry.secrets import Keyring, Purpose, Sealed


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
        model=OpenAiCompatible(
            keyring,
            client,
            near,
            dns.addresses,
            proxied=proxy is not None,
            local=settings.model_local,
        ),
        house_model=_house_model(settings, keyring),
        house_daily_cents=settings.model_daily_cents,
        keys=KeyChecks(keyring, client, near),
        close=clients.close,
        link_base=settings.link_base,
    )


_HOUSE = Purpose(UUID(int=0), "house", UUID(int=0), "model_key")


def _house_model(settings: Settings, keyring: Keyring) -> ModelAccount | None:
    """The settings' model; its key is sealed at once, so that no log or traceback can show it."""
    if settings.model_url is None or settings.model_name is None:
        return None
    key = settings.model_key.get_secret_value() if settings.model_key else ""
    secret = Sealed(keyring.seal(key.encode(), _HOUSE), _HOUSE) if key else None
    return ModelAccount(str(settings.model_url), settings.model_name, secret)


def _keyring(settings: Settings) -> Keyring:
    """The fleet's keys; without any, one that opens nothing which was ever sealed."""
    if settings.secret_key is None:
        return Keyring([os.urandom(32)])
    return Keyring.from_setting(settings.secret_key.get_secret_value())
