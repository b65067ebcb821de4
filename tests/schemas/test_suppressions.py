"""What people write on a list, and what it means; never a guess that could stand for somebody else."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.enums import SuppressionKind as Kind
from schemas.suppressions import read, read_new


@pytest.mark.parametrize(
    ("value", "kind", "kept"),
    [
        (" Bob@Example.TEST ", Kind.EMAIL, "Bob@example.test"),
        ("Bob <bob+x@example.test>", Kind.EMAIL, "bob+x@example.test"),
        ("bob@bücher.test", Kind.EMAIL, "bob@xn--bcher-kva.test"),
        ("https://www.Bücher.test/about", Kind.DOMAIN, "xn--bcher-kva.test"),
        ("acme.test.", Kind.DOMAIN, "acme.test"),
        ("linkedin.com/in/ada", Kind.LINKEDIN, "linkedin.com/in/ada"),
        ("/in/ada/", Kind.LINKEDIN, "/in/ada/"),
        ("+44 (20) 7946-0000", Kind.PHONE, "+44 (20) 7946-0000"),
        ("linkedin.com", Kind.DOMAIN, "linkedin.com"),
        ("*@Foo.example", Kind.DOMAIN, "foo.example"),
        ("@foo.example", Kind.DOMAIN, "foo.example"),
        ("Everybody <*@foo.example>", Kind.DOMAIN, "foo.example"),
    ],
)
def test_a_value_says_what_it_is(value: str, kind: Kind, kept: str) -> None:
    assert read(value) == (kind, kept)


@pytest.mark.parametrize(
    ("value", "kind", "says"),
    [
        ("Acme Works", None, "a company's name needs --kind company"),
        ("030 1234567", None, "is no address, domain"),
        ("030 1234567", Kind.PHONE, "write it like [+]44"),
        ("twitter.com/ada", Kind.LINKEDIN, "is no LinkedIn profile"),
        ("", Kind.COMPANY, "is no company's name"),
        ("bob@", None, "is not an e-mail address"),
        ("sales*@foo.example", None, "has a [*] where none can be"),
        ("*@foo.example", Kind.EMAIL, "has a [*] where none can be"),
        ("*@", None, "is no address, domain"),
    ],
)
def test_what_could_mean_anything_is_refused(value: str, kind: Kind | None, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read(value, kind)


def test_a_companys_name_is_kept_as_it_is() -> None:
    assert read("Less <3  Ltd", Kind.COMPANY) == (Kind.COMPANY, "Less <3 Ltd")


@pytest.mark.parametrize("value", ["gmail.com", "*@Yahoo.com", "https://www.web.de/"])
def test_a_domain_that_is_everybodys_is_listed_only_by_its_kind(value: str) -> None:
    with pytest.raises(ValueError, match="everybody's; name the address, or say --kind domain"):
        read_new(value)
    assert read_new(value, Kind.DOMAIN) == read(value)
    assert read_new("bob@gmail.com") == (Kind.EMAIL, "bob@gmail.com")


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        kind, kept = read(text)
        assert kept
        assert kind is not Kind.COMPANY
