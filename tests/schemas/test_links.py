"""The two ways out of a mail: a page and an address, which say a token and nobody's name."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.links import unsubscribe_mailto, unsubscribe_url


@pytest.mark.parametrize("base", ["https://go.acme.example", "https://go.acme.example/"])
def test_the_page_is_below_the_base(base: str) -> None:
    assert unsubscribe_url(base, "aB-_9") == "https://go.acme.example/u/aB-_9"


def test_the_address_is_the_senders_with_the_token_in_the_subject() -> None:
    assert unsubscribe_mailto("sales@acme.example", "aB-_9") == (
        "mailto:sales@acme.example?subject=unsubscribe-aB-_9"
    )


@pytest.mark.parametrize("mailbox", ["", "nobody", "a@b@c", "a@b.example\r\nBcc: x@y.example"])
def test_what_is_no_mailbox_is_refused(mailbox: str) -> None:
    with pytest.raises(ValueError, match="is not an e-mail address"):
        unsubscribe_mailto(mailbox, "t")


@given(
    token=st.text(min_size=1, max_size=40),
    local=st.sampled_from(["a", "a+b", "a?b", "a&b", "a%41", "o'neil"]),
)
def test_any_token_and_any_local_part_survive_the_link(token: str, local: str) -> None:
    token = token.encode("utf-8", "replace").decode()
    page = urlsplit(unsubscribe_url("https://go.acme.example", token))
    assert unquote(page.path.removeprefix("/u/")) == token
    assert (page.query, page.fragment) == ("", "")
    mail = urlsplit(unsubscribe_mailto(f"{local}@acme.example", token))
    assert unquote(mail.path) == f"{local}@acme.example"
    assert parse_qs(mail.query, strict_parsing=True)["subject"] == [f"unsubscribe-{token}"]
