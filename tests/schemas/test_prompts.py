"""Prompts: what a text may name, how it is filled in, and that those that ship keep their promises."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.errors import NoSuchRow, Permanent
from schemas.prompts import PROMPTS, Prompt, Text, check, known, render
from schemas.suggestions import LONGEST_WHY, Suggestion

SUGGEST = PROMPTS["reply.suggest"]
TEXT = SUGGEST.versions[0]


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_a_shipped_prompt_can_be_filled_in_by_workers_of_the_version_before(prompt: Prompt) -> None:
    first = set(check(prompt, prompt.versions[0]))
    for text in prompt.versions:
        assert set(check(prompt, text)) <= first
        assert render(text.system, text.user, dict.fromkeys(first, "x")).user


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_a_form_is_one_that_strict_servers_take(prompt: Prompt) -> None:
    form = prompt.schema
    fields = form["properties"]
    assert isinstance(fields, dict)
    assert form["required"] == list(fields)  # pyright: ignore[reportUnknownArgumentType]
    assert form["additionalProperties"] is False
    assert "$ref" not in json.dumps(form)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (replace(TEXT, user="{{ mial }}"), "user: mial is no variable of reply.suggest; there is guess, mail"),
        (replace(TEXT, system="{% for x in y %}"), "system: Line 1"),
        (replace(TEXT, user="  "), "user: it is empty"),
        (replace(TEXT, temperature=2.5), "temperature: 2.5"),
        (replace(TEXT, max_tokens=0), "max_tokens: 0"),
    ],
)  # fmt: skip
def test_a_text_that_cannot_work_is_refused_by_the_field(text: Text, words: str) -> None:
    with pytest.raises(Permanent) as caught:
        check(SUGGEST, text)
    assert words in str(caught.value)


def test_an_unknown_prompt_names_those_that_there_are() -> None:
    with pytest.raises(NoSuchRow, match=r"reply\.sugest; there is reply\.suggest"):
        known("reply.sugest")


def test_a_fact_that_is_not_given_is_named() -> None:
    with pytest.raises(Permanent, match="guess: the prompt names it"):
        render("{{ guess }}", "{{ mail }}", {"mail": "x"})


@settings(max_examples=100)
@given(st.text(max_size=2_000))
def test_what_a_model_says_fits_on_one_printable_line(why: str) -> None:
    try:
        found = Suggestion(intent="other", why=why)  # pyright: ignore[reportArgumentType]
    except ValidationError:
        return
    assert found.why.isprintable()
    assert 0 < len(found.why) <= LONGEST_WHY
