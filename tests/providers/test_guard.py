"""Whose site a host belongs to, and which addresses are everybody's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.guard import public, site


@pytest.mark.parametrize(
    ("host", "owner"),
    [
        ("acme.example", "acme.example"),
        ("www.Acme.example.", "acme.example"),
        ("a.b.acme.com", "acme.com"),
        ("www.acme.co.uk", "acme.co.uk"),
        ("acme.com.br", "acme.com.br"),
        ("other.co.uk", "other.co.uk"),
        ("localhost", "localhost"),
    ],
)
def test_a_host_belongs_to_the_name_that_was_registered(host: str, owner: str):
    assert site(host) == owner


def test_ordinary_addresses_are_public():
    assert public("93.184.215.14")
    assert public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_as_public_as_its_mapped_form(address: object):
    assert public(f"::ffff:{address}") == public(str(address))


@given(st.text(max_size=20))
def test_what_is_no_address_is_not_public(text: str):
    assert not public(f"x{text}")
