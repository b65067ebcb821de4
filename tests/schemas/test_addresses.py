"""Facts that an address carries by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.addresses import DISPOSABLE, FREE_MAIL, ROLES, ascii_domain, facts, normalize


def test_an_ordinary_business_address_is_nothing_special():
    seen = facts("Anna.Schmidt@Acme.Example")
    assert (seen.local, seen.domain, seen.syntax_ok) == ("Anna.Schmidt", "acme.example", True)
    assert {seen.role, seen.free_mail, seen.disposable, seen.subaddress} == {False, None}


@pytest.mark.parametrize(
    ("email", "flag"),
    [
        ("info@acme.example", "role"),
        ("Sales+eu@acme.example", "role"),
        ("someone@GMAIL.com", "free_mail"),
        ("someone@mailinator.com", "disposable"),
        ("someone@sub.yopmail.com", "disposable"),
    ],
)
def test_a_doubtful_address_is_recognised(email: str, flag: str):
    assert getattr(facts(email), flag)


def test_the_part_after_a_plus_is_the_subaddress():
    assert facts("anna+news@acme.example").subaddress == "news"


@pytest.mark.parametrize(
    "email", ["", "@", "a@", "@b.example", "a b@c.example", "a@b", "a@@b.example"]
)
def test_a_broken_address_is_a_fact_and_not_an_exception(email: str):
    assert not facts(email).syntax_ok


def test_reserved_test_names_are_accepted_and_local_ones_are_not():
    assert normalize("a@acme.test") == "a@acme.test"
    with pytest.raises(ValueError, match="not an e-mail address"):
        normalize("a@printer.local")


def test_what_is_wrong_with_an_address_can_stand_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"an @-sign$"):
        normalize("nobody")


def test_a_domain_has_one_spelling():
    assert ascii_domain("MÜNCHEN.example.") == ascii_domain("xn--mnchen-3ya.example")


def test_the_lists_are_large_lower_case_and_disjoint():
    assert len(FREE_MAIL) >= 60
    assert len(DISPOSABLE) >= 50
    assert not FREE_MAIL & DISPOSABLE
    assert all(word == word.lower() for word in FREE_MAIL | DISPOSABLE | ROLES)
    assert all(facts(f"someone@{domain}").syntax_ok for domain in FREE_MAIL | DISPOSABLE)


@given(st.text())
def test_any_text_at_all_has_facts(text: str):
    seen = facts(text)
    assert not seen.syntax_ok or normalize(text) == f"{seen.local}@{seen.domain}"


@given(st.emails())
def test_normalising_twice_changes_nothing(email: str):
    try:
        once = normalize(email)
    except ValueError:
        return
    assert normalize(once) == once
