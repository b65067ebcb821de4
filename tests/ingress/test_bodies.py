"""A body is strict JSON and a lead, or a problem that names the place and the field."""

import pytest

from ingress.bodies import parse
from ingress.problems import Problem
from tests.ingress.conftest import LEAD, Books, Sender, Stored

NOTHING = Stored(events=0, leads=0, jobs=0)
NOT_JSON = [
    (b"", "line 1, column 1"),
    (b'{"email":\n  }', "line 2, column 3"),
    (b"\xef\xbb\xbf{}", "BOM"),
    (b'{"email": NaN}', "NaN"),
    (b'{"email": -Infinity}', "Infinity"),
    (b'{"email": 1e999}', "too large"),
    (b'{"email": 1' + b"0" * 200 + b"}", "201 digits"),
    (b'{"email": "a@b.co", "email": "c@d.co"}', "'email' comes twice"),
    (b'{"attributes": {"a": 1, "a": 2}}', "'a' comes twice"),
    (b'{"a\\u0000": 1}', "NUL"),
    (b'{"a\\ud800": 1}', "surrogate"),
]
WRONG = [
    ({}, "email", "is required"),
    ({"email": ""}, "email", "is required"),
    ({"email": None}, "email", "is required"),
    ({"email": 7}, "email", "string"),
    ({"email": "nobody"}, "email", "not an e-mail address"),
    ({**LEAD, "emial": "x"}, "emial", "is not a known field"),
    ({**LEAD, "website": "ftp://x.example"}, "website", "http"),
    ({**LEAD, "first_name": "x" * 201}, "first_name", "200"),
    ({**LEAD, "first_name": "a\0b"}, "first_name", "NUL"),
    ({**LEAD, "first_name": "\ud800"}, "first_name", "surrogate"),
    ({**LEAD, "attributes": {"a": [1]}}, "attributes.a", "must be text"),
    ({**LEAD, "attributes": {"a": 2**60}}, "attributes.a", "2^53"),
    ({**LEAD, "attributes": []}, "attributes", "dictionary"),
    ([], "(body)", "JSON object"),
    ("text", "(body)", "JSON object"),
    (None, "(body)", "JSON object"),
]


def test_what_is_not_strict_json_is_400_with_its_place(
    sender: Sender, books: Books, subtests: pytest.Subtests
):
    for body, words in NOT_JSON:
        with subtests.test(body=body[:40]):
            document = (answer := sender.post(body)).json()
            assert (answer.status_code, document["type"]) == (400, "urn:outrider:problem:bad-json")
            assert words in document["detail"]
    assert books.count() == NOTHING


@pytest.mark.parametrize("nested", [b"[" * 100_000, b'{"a":' * 50_000])
def test_nesting_without_an_end_is_400(nested: bytes):
    with pytest.raises(Problem, match="nested too deeply"):
        parse(nested)


def test_nesting_that_still_parses_is_refused_as_a_field(sender: Sender, books: Books):
    answer = sender.post(b'{"email": ' + b"[" * 2000 + b"]" * 2000 + b"}")
    assert answer.status_code in {400, 422}  # newer interpreters read further down
    assert books.count() == NOTHING


def test_bytes_that_are_no_text_are_refused(sender: Sender, books: Books):
    assert sender.post(b'{"email": "\xff\xfe"}').status_code == 401
    assert books.count() == NOTHING


def test_a_wrong_field_is_422_and_named(sender: Sender, books: Books, subtests: pytest.Subtests):
    for lead, field, words in WRONG:
        with subtests.test(field=field, words=words):
            document = (answer := sender.post(lead)).json()
            assert (answer.status_code, document["status"]) == (422, 422)
            assert document["instance"] == "/webhooks/leads/crm"
            assert [error["field"] for error in document["errors"]] == [field]
            assert words in document["errors"][0]["message"]
            assert document["detail"].startswith(field)
    assert books.count() == NOTHING


def test_every_wrong_field_is_named_at_once(sender: Sender):
    errors = sender.post({"email": "nobody", "website": "x y", "a": 1}).json()["errors"]
    assert {error["field"] for error in errors} == {"email", "website", "a"}
    many = sender.post({f"f{n}": n for n in range(300)}).json()["errors"]
    assert len(many) == 50
