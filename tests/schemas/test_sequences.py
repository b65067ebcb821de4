"""A campaign's file: what is wrong in it is named with its field and its line."""

from datetime import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.sequences import BadSequence, read

GOOD = """\
min_score = 40
daily_new_leads = 25
mailboxes = ["ada@acme.example"]

[window]
days = [1, 3]
from = "08:30"
to = "12:00"

[[steps]]
subject = "Hello {{ first_name | default: 'there' }}"
body = "About {{ company_name | default: 'you' }}."

[[steps]]
delay_days = 3
body = "Again."
"""


def test_a_file_is_read_whole() -> None:
    told = read(GOOD)
    assert (told.min_score, told.daily_new_leads, told.mailboxes) == (40, 25, ("ada@acme.example",))
    assert (told.steps[1].delay_days, told.steps[1].subject) == (3, None)
    window = told.window.window()
    assert (window.days, window.start, window.end) == (frozenset({1, 3}), time(8, 30), time(12))
    assert window.skip_holidays


def test_what_is_left_out_has_a_sensible_default() -> None:
    told = read('[[steps]]\nsubject = "Hi"\nbody = "There"\n')
    assert told.daily_new_leads is None
    assert told.window.window().days == frozenset({1, 2, 3, 4, 5})


def test_the_shipped_example_is_good(here: Path) -> None:
    told = read((here / "scripts" / "data" / "sequence.toml").read_text())
    assert [step.delay_days for step in told.steps] == [0, 3, 7]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("min_score = 40", "min_score = 400", "min_score, line 1: "),
        ("delay_days = 3", "delay_days = -3", "steps.2.delay_days, line 15: "),
        ("delay_days = 3", "delay = 3", "steps.2.delay, line 15: "),
        ('body = "Again."', "", "steps.2.body, line 14: "),
        ("days = [1, 3]", "days = [1, 8]", "line 6: "),
        ('to = "12:00"', 'to = "08:00"', "window, line 5: "),
        (
            "subject = \"Hello {{ first_name | default: 'there' }}\"\n",
            "",
            "steps.1.subject, line 10: ",
        ),
        ("min_score = 40", "min_score = ", "The file is no TOML: "),
        (
            "{{ company_name | default: 'you' }}",
            "{{ company_nam | default: 'you' }}",
            "steps.1.body, line 12: ",
        ),
        ('"Hello {{', '"Re: Hello {{', "steps.1.subject, line 11: "),
        ("'you' }}", "'you' }", "steps.1.body, line 12: "),
    ],
)
def test_a_mistake_is_named_with_field_and_line(before: str, after: str, says: str) -> None:
    assert before in GOOD
    with pytest.raises(BadSequence) as refused:
        read(GOOD.replace(before, after, 1))
    assert says in str(refused.value)
    assert str(refused.value).endswith(".")


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(BadSequence):
        read(text)
