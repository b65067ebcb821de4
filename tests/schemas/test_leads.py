"""What a source may and may not say about a person."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.leads import _PLAIN_URL, LeadIn


def paths(content: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ValidationError) as refusal:
        LeadIn.model_validate(content)
    return {".".join(map(str, e["loc"])): e["msg"] for e in refusal.value.errors()}


def test_texts_are_trimmed_and_empty_ones_count_as_absent():
    lead = LeadIn(email=" anna@ACME.example ", first_name="  Anna \n Lena ", title="  ", phone="")
    assert (lead.email, lead.first_name, lead.title, lead.phone) == (
        "anna@acme.example", "Anna Lena", None, None)  # fmt: skip


def test_web_site_domain_and_country_have_one_spelling():
    lead = LeadIn(email="a@b.example", website="acme.example/de", company_domain="https://www.ACME.example/x", country="de")  # fmt: skip
    assert lead.website == "https://acme.example/de"
    assert (lead.company_domain, lead.country) == ("acme.example", "DE")


@pytest.mark.parametrize(
    ("content", "path", "says"),
    [
        ({}, "email", "required"),
        ({"email": ""}, "email", "required"),
        ({"email": 7}, "email", "string"),
        ({"email": "nobody"}, "email", "not an e-mail address"),
        ({"emial": "a@b.example"}, "emial", "not permitted"),
        ({"first_name": "a\0b"}, "first_name", "NUL"),
        ({"last_name": "a\ud800b"}, "last_name", "surrogate"),
        ({"title": "x" * 201}, "title", "at most 200"),
        ({"website": "javascript:alert(1)"}, "website", "http://"),
        ({"website": "ftp://acme.example/"}, "website", "http://"),
        ({"website": "https://me:secret@acme.example/"}, "website", "password"),
        ({"website": "http://[::1"}, "website", "not a web address"),
        ({"website": "http://acme.example:99999/"}, "website", "not a web address"),
        ({"company_domain": "not a domain"}, "company_domain", "web address"),
        ({"locale": "english, please"}, "locale", "pattern"),
        ({"timezone": "UTC+1"}, "timezone", "send a name like Europe/Berlin"),
        ({"timezone": "../etc/passwd"}, "timezone", "IANA"),
        ({"timezone": 1}, "timezone", "string"),
        ({"attributes": {"size": [1]}}, "attributes.size", "text, a number"),
        ({"attributes": {"size": float("nan")}}, "attributes.size", "finite"),
        ({"attributes": {"size": 2**60}}, "attributes.size", "2^53"),
        ({"attributes": {"note": "x" * 1001}}, "attributes.note", "1000"),
        ({"attributes": {"no\0te": "x"}}, "attributes.no\0te.[key]", "NUL"),
        ({"attributes": {str(n): n for n in range(101)}}, "attributes", "100"),
    ],
)
def test_a_refusal_names_the_field_and_the_reason(content: dict[str, Any], path: str, says: str):
    full = content if path == "email" else {"email": "a@b.example", **content}
    refusals = paths(full)
    assert list(refusals) == [path]
    assert says in refusals[path] or (content == {} and "required" in refusals[path])


@pytest.mark.parametrize("zone", ["Europe/Berlin", " America/St_Johns ", "UTC", "", None])
def test_a_time_zone_is_one_of_the_iana_database_or_not_said(zone: str | None):
    lead = LeadIn(email="a@b.example", timezone=zone)
    assert lead.timezone == ((zone or "").strip() or None)


def test_attributes_keep_their_types():
    given_ = {"text": "x", "whole": 3, "part": 0.5, "yes": True, "nothing": None}
    kept = LeadIn(email="a@b.example", attributes=given_).attributes
    assert kept == given_
    assert kept["yes"] is True


def test_the_fingerprint_follows_the_content_and_not_its_order():
    one = LeadIn.model_validate({"email": "a@b.example", "attributes": {"x": 1, "y": 2}})
    other = LeadIn.model_validate({"attributes": {"y": 2, "x": 1}, "email": "a@b.example"})
    assert one.fingerprint() == other.fingerprint()
    assert one.fingerprint() != LeadIn(email="a@c.example").fingerprint()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*LeadIn.model_fields, "other"]), anything))
def test_any_json_is_either_a_lead_or_a_named_refusal(content: dict[str, object]):
    try:
        lead = LeadIn.model_validate({"email": "a@b.example", **content})
    except ValidationError as refusal:
        assert all(error["loc"] for error in refusal.errors())  # noqa: PT017
    else:
        assert LeadIn.model_validate(lead.to_json()) == lead
        assert "\\u0000" not in lead.model_dump_json()


@given(st.from_regex(_PLAIN_URL, fullmatch=True))
def test_an_address_of_a_web_site_that_looks_plain_would_be_found_right_the_long_way(url: str):
    parts = urlsplit(url)
    assert (parts.scheme in {"http", "https"}, bool(parts.hostname)) == (True, True)
    assert (parts.port, parts.username, parts.password) == (None, None, None)
    assert LeadIn(email="a@b.example", website=url).website == url
