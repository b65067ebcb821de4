"""Templates that tenants write: what they may name, what goes wrong where, and what does no harm."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.templates import (
    LONGEST_SUBJECT,
    LONGEST_TEMPLATE,
    LONGEST_TEXT,
    BadTemplate,
    MissingFact,
    check,
    check_subject,
    names,
    render,
    render_subject,
)

ANNA = {"first_name": "Anna", "company_name": "Acme & Söhne <GmbH>"}


@pytest.mark.parametrize(("template", "needed", "named"), [
    ("Hello.", set(), set()),
    ("{{ first_name }} {{ title }}", {"first_name", "title"}, {"first_name", "title"}),
    ("{{ first_name | default: 'there' }}", set(), {"first_name"}),
    ("{{ first_name | upcase | default: 'x' }}", {"first_name"}, {"first_name"}),
    ("{{ first_name | default: title }}", set(), {"first_name", "title"}),
    ("{% if title %}as {{ title }}{% else %}you{% endif %}", set(), {"title"}),
    ("{% if title %}{{ first_name }}{% endif %}", {"first_name"}, {"title", "first_name"}),
    ("{% unless title %}you{% endunless %}", set(), {"title"}),
    ("{% if country == 'DE' %}Hallo{% endif %}", set(), {"country"}),
    ("{% case country %}{% when 'DE' %}Hallo{% else %}Hi{% endcase %}", set(), {"country"}),
    ("{% assign name = first_name | default: 'you' %}{{ name }}", set(), {"first_name"}),
    ("{% assign name = first_name %}{{ name }}", {"first_name"}, {"first_name"}),
    ("{% comment %}{{ title }}{% endcomment %}", set(), set()),
    ("{% raw %}{{ title }}{% endraw %}", set(), set()),
])  # fmt: skip
def test_what_a_template_needs_and_what_it_names(
    template: str, needed: set[str], named: set[str]
) -> None:
    assert (check(template), names(template)) == (needed, named)


def test_facts_are_filled_in_as_they_are() -> None:
    text = render("Hi {{ first_name }} of {{ company_name }}{{ title | default: ', you' }}", ANNA)
    assert text == "Hi Anna of Acme & Söhne <GmbH>, you"


@settings(deadline=None)
@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=50
    )
)
@example("{{ title }}")
@example("{% for x in (1..9) %}")
def test_a_fact_is_never_read_as_a_template(fact: str) -> None:
    if fact.strip():
        assert render("-{{ first_name }}-", {"first_name": fact}) == f"-{fact}-"


@pytest.mark.parametrize("facts", [{}, {"first_name": ""}, {"first_name": " \n"}])
def test_a_missing_fact_is_named_with_the_way_out(facts: dict[str, str]) -> None:
    with pytest.raises(MissingFact) as missing:
        render("Hello {{ first_name | upcase }}", facts)
    assert str(missing.value).startswith("first_name is not known")
    assert '{{ first_name | default: "there" }}' in str(missing.value)
    assert render('Hello {{ first_name | default: "there" }}', facts) == "Hello there"


@pytest.mark.parametrize(("template", "says"), [
    ("Hello {{ first_name }", "Line 1, column 7: expected '}}', found end of file"),
    ("Hello\n\n  {{ a b }}", "Line 3, column 8: expected end of expression"),
    ("Hello\n{{ }}", "Line 2, column 1: expected a primitive expression"),
    ("{{ x | shout }}", "Line 1, column 8: unknown filter 'shout'"),
    ("{% if x %}y", "At the end of the template: expected tag endif"),
    ("{% endif %}", "Line 1, column 4: unexpected tag 'endif'"),
    ("{% if %}{% endif %}", "Line 1, column 4: missing expression"),
    ("{{ 'a' | truncate: 'x' }}", "Line 1, column 10: truncate expected an integer"),
    ("{% if x > 1 %}{% endif %}", "Line 1, column 9: "),
    ("{{ lead.name }}", "Line 1, column 4: lead.name is no fact"),
    ("{{ first_name[0] }}", "Line 1, column 4: first_name[0] is no fact"),
    ("x" * (LONGEST_TEMPLATE + 1), "20001 characters"),
])  # fmt: skip
def test_a_mistake_is_named_with_its_place(template: str, says: str) -> None:
    with pytest.raises(BadTemplate) as bad:
        check(template)
    assert str(bad.value).startswith(says) or says in str(bad.value)


@pytest.mark.parametrize("template", [
    "{% for n in (1..1000000000) %}x{% endfor %}",
    "{% tablerow n in (1..1000000000) %}x{% endtablerow %}",
    "{% include 'secrets' %}",
    "{% render 'secrets' %}",
    "{% increment n %}",
    "{% liquid for n in (1..9) %}",
    "{{ 'now' | date: '%Y' }}",
    "{{ 'aaaa' | replace: 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }}",
    "{{ 'aaaa' | split: '' | join: 'aaaaaaaaaaaa' }}",
    "{% assign x = 'aaaaaaaa' %}" + "{% assign x = x | append: x %}" * 60 + "{{ x }}",
    "{% assign x = 'aaaaaaaa' %}" + "{% assign x = x | append: x %}" * 10 + "{{ x" + " | append: x" * 1500 + "}}",
    "{% if " + "a or " * 3900 + "a %}x{% endif %}",
    "{% if a %}" * 200 + "{% endif %}" * 200,
])  # fmt: skip
def test_what_could_do_harm_is_refused_at_once(template: str) -> None:
    began = time.monotonic()
    with pytest.raises(BadTemplate):
        check(template)
    assert time.monotonic() - began < 5


def test_a_text_that_grows_too_long_is_refused_when_it_is_filled() -> None:
    with pytest.raises(BadTemplate):
        render("{{ title }}" * 20, {"title": "x" * (LONGEST_TEXT // 10)})


@settings(deadline=None)
@given(st.text(alphabet="{}%|'\" abif:.[]\n-#=<>", max_size=60) | st.text(max_size=60))
def test_any_text_is_a_template_or_a_named_mistake(text: str) -> None:
    try:
        needed = check(text)
    except BadTemplate as bad:
        assert str(bad).endswith(".")  # noqa: PT017
    else:
        assert needed <= names(text)
        render(text, dict.fromkeys(names(text), "x"))


@pytest.mark.parametrize("subject", [
    "Re: our talk", "RE:our talk", " re : our talk", "Fwd: this", "FW: this", "AW: Angebot",
    "WG: Angebot", "SV: möte", "Re[2]: again", "Re (3): again", "回复\uff1a你好", "Antw: hallo",
    "{% if first_name %}Re: {{ first_name }}{% else %}Re: you{% endif %}",
])  # fmt: skip
def test_a_subject_that_feigns_an_answer_is_refused(subject: str) -> None:
    with pytest.raises(BadTemplate, match="answers nobody"):
        check_subject(subject)
    with pytest.raises(BadTemplate, match="answers nobody"):
        render_subject(subject, ANNA)


@pytest.mark.parametrize("subject", ["Regarding Acme", "Reach: 5 % more", "Forward", "{{ first_name }}, re: you",
                                     "Wie geht's, {{ first_name }}?"])  # fmt: skip
def test_an_honest_subject_passes(subject: str) -> None:
    check_subject(subject)
    assert render_subject(subject, ANNA)


def test_a_subject_is_one_short_line() -> None:
    with pytest.raises(BadTemplate, match="line break"):
        check_subject("Hello\nBcc: everybody@example.org")
    with pytest.raises(BadTemplate, match="at most 150"):
        check_subject("x" * (LONGEST_SUBJECT + 1))
    assert check_subject("x" * 120 + "{{ company_name }}") == {"company_name"}


def test_a_subject_stays_one_line_whatever_the_facts() -> None:
    assert (
        render_subject("For {{ title }}", {"title": " CEO\r\nBcc: x@y.example "})
        == "For CEO Bcc: x@y.example"
    )
    with pytest.raises(BadTemplate, match="empty"):
        render_subject("{% if title %}{{ title }}{% endif %}", {})


def test_two_people_do_not_share_what_was_filled_in() -> None:
    template = "{% assign who = first_name | default: 'you' %}{{ who }}"
    assert [render(template, facts) for facts in (ANNA, {}, {"first_name": "Bo"})] == [
        "Anna", "you", "Bo"]  # fmt: skip
