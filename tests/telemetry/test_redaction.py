"""Nothing that looks like an address or a secret leaves the process."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.redaction import MASK, scrub, scrub_text

SECRETS = [
    "ada.lovelace+news@mail.example.org",
    "jörg@bücher.example",
    "ada%40example.org",
    "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    "Bearer abcdefghijk.lmnop",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("around", ["{}", "to <{}>", "x={}, y", 'say "{}"', "({})", "a {}\nb"])
def test_a_secret_is_masked_wherever_it_stands(secret: str, around: str):
    masked = scrub_text(around.format(secret))
    assert secret not in masked
    assert secret.split("@", maxsplit=1)[0].rsplit(" ", maxsplit=1)[-1] not in masked
    assert MASK in masked


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgresql://app:pa55word@db.example:5432/outrider", "pa55word"),
        ("connection to redis://:pa55word@10.0.0.1:6379/0 failed", "pa55word"),
        ("postgresql://app:pa55@word@db/outrider", "word"),
        ("host=db user=app password=pa55word dbname=x", "pa55word"),
        ("host=db password='pa55 word' dbname=x", "pa55 word"),
        ('{"client_secret": "pa55word"}', "pa55word"),
        ("OUTRIDER_API_KEY=pa55word", "pa55word"),
        ("email\n  Bad [type=x, input_value={'phone': '+49 30 1'}, input_type=dict]", "+49 30 1"),
        ("DETAIL:  Failing row contains (1, Ada Lovelace, null).", "Lovelace"),
    ],
)
def test_passwords_and_quoted_data_are_masked(text: str, secret: str):
    assert secret not in scrub_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "lead.enriched",
        "019a3f5e-3c1e-7c5a-9b1a-4bf92f3577b3",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "https://acme.example/about?page=2#team",
        "postgresql://db.example:5432/outrider",
        "Postgres: connection refused on 127.0.0.1 port 5432",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str):
    assert scrub_text(text) == text


@pytest.mark.parametrize(
    "name",
    ["password", "client_secret", "Authorization", "email", "body", "x-api-key", "dsn", "set-cookie"],
)  # fmt: skip
def test_a_field_named_like_a_secret_loses_its_value_at_every_depth(name: str):
    assert scrub({"a": [{"b": {name: "plain"}}]}) == {"a": [{"b": {name: MASK}}]}
    assert scrub({name: ["plain"], "rest": (1, None, True)}) == {
        name: MASK,
        "rest": [1, None, True],
    }


def test_counts_and_states_keep_their_values():
    line = {"token": 7, "email_status": "invalid", "body": None, "bytes": 12, "ok": True}
    assert scrub(line) == line


def test_an_address_is_masked_in_keys_and_in_objects_that_only_print():
    assert scrub({"ada@example.org": ValueError("no ada@example.org")}) == {MASK: f"no {MASK}"}
    assert scrub(b"ada@example.org") == "[15 bytes]"


def test_a_value_without_a_bottom_is_cut():
    value: list[object] = []
    value.append(value)
    assert "[…]" in str(scrub(value))


@given(st.text(), st.sampled_from(SECRETS), st.text())
def test_no_surrounding_text_saves_a_secret(before: str, secret: str, after: str):
    assert secret not in scrub_text(f"{before} {secret} {after}")


@given(st.recursive(st.none() | st.booleans() | st.text() | st.binary(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)))  # fmt: skip
def test_scrubbing_never_fails(value: object):
    scrub(value)
