"""What a page shows in a code block can be typed: the command, its options, and all that it asks for."""

from pathlib import Path

import pytest

from tests.shown_commands import in_blocks, problem

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "docs" / "runbook.md", *sorted((ROOT / "docs" / "explanation").glob("*.md"))]  # fmt: skip
SHOWN = [(page.name, one) for page in PAGES for one in in_blocks(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("page", "command"), SHOWN)
def test_a_command_that_a_page_shows_can_be_typed(page: str, command: str) -> None:
    assert problem(command) is None, page


def test_no_command_of_the_readme_is_overlooked() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    beginnings = [line for line in lines if line.startswith(("./outrider ", "outrider "))]
    assert len(beginnings) == len([one for page, one in SHOWN if page == "README.md"]) > 30


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("outrider dead resurrect 7", "dead has no command 'resurrect'"),
        ("outrider top --loud", "top has no option --loud"),
        ("outrider dead show 7 8", "show has no room for '8'"),
        ("outrider dead list extra # words", "list has no room for 'extra'"),
        ("outrider tenants plan acme", "plan asks for code"),
        ("outrider jobs cancel 7", "cancel asks for reason"),
    ],
)
def test_a_command_that_cannot_be_typed_is_noticed(command: str, wrong: str) -> None:
    assert problem(command) == wrong


def test_lines_are_joined_and_other_blocks_are_no_commands() -> None:
    page = "```mermaid\noutside\n```\noutrider prose\n\n```sh\n./outrider export \\\n  leads\n```\n\n    outrider top\n"
    assert [" ".join(one.split()) for one in in_blocks(page)] == ["outrider export leads", "outrider top"]  # fmt: skip
