"""Pages drawn from the code say what the code does; what the README shows exists."""

import re
from pathlib import Path

import pytest

from schemas.settings import PREFIX, Settings
from scripts.docs import env_example, pages, readme_with_picture

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


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


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(tests/[\w/.]+)`", README))))
def test_a_promise_in_the_readme_names_tests_that_exist(path: str) -> None:
    assert (ROOT / path).exists()


def test_decisions_are_numbered_without_gaps_and_fit_a_page() -> None:
    found = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [p.name[:4] for p in found] == [f"{n:04d}" for n in range(1, len(found) + 1)]
    for page in found:
        text = page.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 60
        for part in ("**Context.**", "**Choice.**", "**Price.**", "**Revisit**"):
            assert part in text, f"{page.name} lacks {part}"
