"""Pages drawn from the code say what the code does; what the README shows exists."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from schemas.enums import JobState
from schemas.job_states import ENDS, MOVES
from schemas.settings import PREFIX, Settings
from scripts import docs_states
from scripts.docs import env_example, pages, readme_with_picture
from tests.mutations.catalogue import MUTATIONS
from workers.faults import POINTS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DELIVERY = (ROOT / "docs" / "explanation" / "delivery.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_a_generated_page_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == pages()[path], "run `make docs`"


def test_every_setting_is_explained_by_its_full_name() -> None:
    text = env_example()
    for name, field in Settings.model_fields.items():
        assert f"{PREFIX}{name.upper()}=" in text
        assert field.description
        assert field.description in text


def test_the_picture_in_the_readme_follows_the_code() -> None:
    stale = README.replace("lead.enrich", "lead.sing")
    assert readme_with_picture(stale).count("lead.enrich]") == README.count("lead.enrich]")


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_a_link_in_the_readme_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(tests/[\w/.]+)`", README + DELIVERY))))
def test_a_promise_in_the_readme_names_tests_that_exist(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http|#)([^)#]+)\)", DELIVERY))
def test_a_link_in_the_page_on_delivery_leads_somewhere(link: str) -> None:
    assert (ROOT / "docs" / "explanation" / link).exists()


def test_a_promise_of_delivery_that_leans_on_a_mutation_names_one_that_exists() -> None:
    named = set(re.findall(r"mutation\s+\*([^*]+)\*", DELIVERY))
    assert len(named) >= 5
    assert {" ".join(name.split()) for name in named} <= set(MUTATIONS)


def test_every_point_at_which_a_worker_can_be_killed_is_in_the_page_on_delivery() -> None:
    assert {point for point in POINTS if f"worker, `{point}`" in DELIVERY} == set(POINTS)


def test_the_drawing_of_states_shows_every_state_and_every_cause() -> None:
    picture = ET.fromstring(docs_states.draw())
    words = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {move.cause for move in MOVES if move.cause != move.after.value} <= words
    assert {stage.value for stage in (*JobState, *ENDS)} <= words


def test_decisions_are_numbered_without_gaps_and_fit_a_page() -> None:
    found = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [p.name[:4] for p in found] == [f"{n:04d}" for n in range(1, len(found) + 1)]
    for page in found:
        text = page.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 60
        for part in ("**Context.**", "**Choice.**", "**Price.**", "**Revisit**"):
            assert part in text, f"{page.name} lacks {part}"
