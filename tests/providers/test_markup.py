"""Reading a home page: what is found in a good one, and that no bytes at all can break it."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.markup import read
from schemas.enrichments import PageFacts

URL = "https://acme.example/"
PAGE = """<!doctype html><html lang="de-AT"><head><meta charset="utf-8">
<title> Acme &amp; Söhne\n </title><meta property="og:site_name" content="Acme">
<meta name="description" content="Wir bauen Brücken."><meta name="generator" content="WordPress 6.5">
<script src="https://js.hs-scripts.com/123.js"></script>
<script type="application/ld+json">{"@graph": [{"@type": "WebSite", "name": "no"},
 {"@type": ["Corporation", "Thing"], "name": "Acme GmbH", "numberOfEmployees": {"minValue": "51", "maxValue": 200},
  "address": [{"addressCountry": "at"}], "telephone": "+43 1 1",
  "sameAs": "https://at.linkedin.com/company/acme?x=1"}]}</script></head>
<body><a href="/about">Über uns</a><a href="/x"><b>Karriere</b></a></body></html>"""


def test_a_good_page_tells_all_about_its_company():
    assert read(PAGE.encode(), url=URL) == PageFacts(
        url=URL, title="Acme & Söhne", description="Wir bauen Brücken.", site_name="Acme",
        organization="Acme GmbH", employees=51, country="AT", language="de", phone="+43 1 1",
        linkedin_url="https://at.linkedin.com/company/acme",
        technologies=("HubSpot", "WordPress"), hiring=True)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "employees"),
    [(12, 12), ("51-200", 51), ("1,200+", 1200), ({"value": 7}, 7), (True, None), ("many", None),
     (-3, None), (10**12, None), (1e400, None), (None, None), ([5], None)],
)  # fmt: skip
def test_a_head_count_is_read_in_every_common_form(said: object, employees: int | None):
    data = json.dumps({"@type": "Organization", "numberOfEmployees": said})
    page = f'<script type="application/ld+json">{data}</script>'
    assert read(page.encode(), url=URL).employees == employees


@pytest.mark.parametrize(
    "charset", ["windows-1252", "no-such", "unicode_escape", "zip", "idna", ""]
)
def test_a_named_charset_is_used_when_it_is_a_plain_one(charset: str):
    title = read("<title>Société</title>".encode("cp1252"), url=URL, charset=charset).title
    assert (title == "Société") == (charset == "windows-1252")


def test_the_charset_may_stand_in_the_page():
    page = '<meta charset="iso-8859-1"><title>Société</title>'.encode("latin-1")
    assert read(page, url=URL).title == "Société"


def test_what_postgres_cannot_hold_is_taken_out():
    page = rb'<script type="application/ld+json">{"@type":"Organization","name":"A\u0000\ud800B"}</script>'
    assert read(page, url=URL).organization == "A B"


pieces = st.sampled_from(
    [b"<", b">", b"<!", b"<![", b"<!--", b"-->", b"</", b"<a ", b"href=", b"'", b'"', b"&#", b"&#xd800;", b"&",
     b"<title>", b"</title>", b"<meta name=x content=", b"<html lang=", b'<script type="application/ld+json">',
     b"</script>", b'{"@type":"Organization",', b'"name":', b'"address":{"addressCountry":', b"}", b"[", b"\0", b"=", b"\\ud800"])  # fmt: skip


@given(st.lists(pieces | st.binary(max_size=8), max_size=40), st.none() | st.text(max_size=12))
def test_no_bytes_at_all_can_break_the_reader(parts: list[bytes], charset: str | None):
    facts = read(b"".join(parts), url=URL, charset=charset)
    stored = facts.model_dump_json()
    assert "\\u0000" not in stored
    assert PageFacts.model_validate_json(stored) == facts


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["@type", "@graph", "name", "address", "addressCountry", "value", "numberOfEmployees", "sameAs"]),
        inner | st.just("Organization"), max_size=5), max_leaves=12)  # fmt: skip


@given(json_values)
def test_no_json_at_all_can_break_the_reader(value: object):
    page = f'<script type="application/ld+json">{json.dumps(value)}</script>'
    assert read(page.encode(), url=URL).url == URL


@pytest.mark.parametrize(
    "piece",
    [b"<", b"<a ", b"<!--", b"<![", b"<a b='", b"&", b"</", b"<title>", b"[", b"<a href=x>"],
)
@pytest.mark.parametrize("start", [b"", b'<script type="application/ld+json">'])
def test_half_a_megabyte_of_malice_takes_no_more_than_seconds(piece: bytes, start: bytes):
    body = (start + piece * 524_288)[:524_288]
    begun = time.monotonic()
    read(body, url=URL)
    assert time.monotonic() - begun < 5
