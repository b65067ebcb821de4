"""The shipped fakes keep the port's promises and count."""

from datetime import timedelta

import pytest

from providers.fake import FakeDomains, acme, world
from providers.fake_mail import FakeReader
from providers.ports import DomainLookup, MailServer
from providers.registry import from_settings
from schemas.enums import MailSecurity
from schemas.errors import Transient
from schemas.settings import Settings


def test_the_fake_answers_and_counts():
    fake = FakeDomains()
    port: DomainLookup = fake
    assert port.look("acme.example", None, key="k") == acme("acme.example")
    assert (fake.calls["k"], fake.domains["acme.example"]) == (1, 1)


def test_the_fake_fails_on_demand_and_still_counts():
    fake = FakeDomains(lambda _: Transient("down"))
    with pytest.raises(Transient):
        fake.look("acme.example", None, key="k")
    assert fake.calls["k"] == 1


def test_a_world_can_be_closed_like_a_real_one():
    world().close()
    settings = Settings.model_validate(
        {"dns_server": "127.0.0.1:53", "egress_proxy": "http://127.0.0.1:9"}
    )
    from_settings(settings).close()


def test_a_closed_ear_is_gone_however_its_listening_ends():
    reader = FakeReader()
    server = MailServer("127.0.0.1", 993, MailSecurity.TLS, None, None)
    with pytest.raises(Transient), reader.listen(server, "INBOX") as ear:
        ear.close()
        ear.wait(at_most=timedelta(seconds=1))
    assert reader.ears == []
