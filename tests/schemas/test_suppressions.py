"""What people write on a list, and what it means; never a guess that could stand for somebody else."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.enums import SuppressionKind as Kind
from schemas.suppressions import read


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
    ],
)
def test_what_could_mean_anything_is_refused(value: str, kind: Kind | None, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read(value, kind)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        kind, kept = read(text)
        assert kept
        assert kind is not Kind.COMPANY
