"""The two commands of a fresh checkout: the launcher, the set-up, and the guard around tests."""

import os
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Stands for uv: makes an environment whose `outrider` tells what it was given, and keeps a diary.
UV = """#!/bin/sh
echo "$*" >>"$DIARY"
case $1 in
venv)
    for place; do :; done
    mkdir -p "$place/bin"
    ln -s "$REAL_PYTHON" "$place/bin/python"
    printf '#!/bin/sh\\nfor a; do echo "arg $a"; done; pwd\\n' >"$place/bin/outrider"
    chmod +x "$place/bin/outrider"
    ;;
pip) case "$*" in *"${BROKEN:-nothing is broken}"*) exit 2 ;; esac ;;
esac
"""


class Checkout:
    """A folder like a fresh clone, with a uv that installs nothing."""

    def __init__(self, place: Path) -> None:
        self.root, self.diary = place / "a checkout", place / "diary"
        self.python = os.path.realpath(sys.executable)
        (self.root / "requirements").mkdir(parents=True)
        (self.root / "scripts").mkdir()
        for name in ("outrider", "scripts/install.py", "pyproject.toml"):
            shutil.copy(ROOT / name, self.root / name)
        for name in ("run", "dev"):
            (self.root / "requirements" / f"{name}.txt").write_text(name)
        (place / "bin").mkdir()
        (place / "bin" / "uv").write_text(UV)
        (place / "bin" / "uv").chmod(0o755)
        self.path = f"{place / 'bin'}:{os.environ['PATH']}"
        self.diary.touch()

    def __call__(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        surroundings = {
            **os.environ, "PATH": self.path, "DIARY": str(self.diary), "REAL_PYTHON": self.python,
            "OUTRIDER_PYTHON": self.python, **variables,
        }  # fmt: skip
        return subprocess.run(
            [self.root / "outrider", *arguments], env=surroundings, cwd="/", text=True,
            capture_output=True, check=False,
        )  # fmt: skip

    def deeds(self) -> list[str]:
        """What was asked of uv since the last look."""
        lines = self.diary.read_text().splitlines()
        self.diary.write_text("")
        words = [line.split() for line in lines]
        return [
            "venv" if w[0] == "venv" else next(x for x in w if ".txt" in x or x == ".")
            for w in words
        ]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


RUN_SET = ["venv", "requirements/run.txt", "."]


def test_the_first_start_sets_up_and_hands_over_words_and_place(checkout: Checkout) -> None:
    done = checkout("demo", "two words", "")
    assert done.stdout.splitlines() == ["arg demo", "arg two words", "arg ", "/"]
    assert checkout.deeds() == RUN_SET


def test_the_second_start_sets_nothing_up(checkout: Checkout) -> None:
    checkout("demo")
    checkout.deeds()
    done = checkout("demo")
    assert (done.stderr, checkout.deeds()) == ("", [])


def test_a_changed_lock_is_installed_in_place(checkout: Checkout) -> None:
    checkout("demo")
    checkout.deeds()
    (checkout.root / "requirements" / "run.txt").write_text("changed")
    checkout("demo")
    assert checkout.deeds() == RUN_SET[1:]


def test_a_half_made_environment_is_made_anew(checkout: Checkout) -> None:
    failed = checkout("demo", BROKEN="requirements/run.txt")
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith("outrider: the set-up failed")
    (checkout.root / ".venv" / "rest of it").touch()
    checkout.deeds()
    assert checkout("demo").returncode == 0
    assert checkout.deeds() == RUN_SET
    assert not (checkout.root / ".venv" / "rest of it").exists()


def test_an_environment_that_uv_made_is_made_anew_where_uv_is_gone(checkout: Checkout) -> None:
    checkout("demo")
    (checkout.root / "requirements" / "run.txt").write_text("changed")
    folders = os.environ["PATH"].split(":")
    checkout.path = ":".join(f for f in folders if not (Path(f) / "uv").exists())
    assert checkout("demo", PIP_NO_INDEX="1").returncode == 1, "there is nothing to install from"
    assert (checkout.root / ".venv" / "bin" / "pip").exists()


def test_an_environment_made_by_hand_is_completed_and_not_deleted(checkout: Checkout) -> None:
    venv = by_hand(checkout, checkout.python)
    assert checkout("demo").returncode == 0
    assert checkout.deeds() == RUN_SET[1:]
    assert (venv / "work of hours").exists()


def test_an_environment_made_by_hand_that_does_not_fit_is_refused(checkout: Checkout) -> None:
    venv = by_hand(checkout, "/bin/sh")
    done = checkout("demo")
    assert (done.returncode, checkout.deeds()) == (1, [])
    assert "was not made by ./outrider: move it away" in done.stderr
    assert (venv / "work of hours").exists()


def by_hand(checkout: Checkout, python: str) -> Path:
    venv = checkout.root / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(python)
    (venv / "bin" / "outrider").symlink_to("/bin/echo")
    (venv / "work of hours").touch()
    return venv


def test_an_environment_without_its_interpreter_is_made_anew(checkout: Checkout) -> None:
    checkout("demo")
    checkout.deeds()
    python = checkout.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/no/such/python")
    assert checkout("demo").returncode == 0
    assert checkout.deeds() == RUN_SET


def test_a_checkout_that_moved_is_made_anew(checkout: Checkout) -> None:
    checkout("demo")
    checkout.deeds()
    checkout.root = checkout.root.rename(checkout.root.with_name("moved"))
    assert checkout("demo").returncode == 0
    assert checkout.deeds() == RUN_SET


def test_the_development_set_serves_every_command(checkout: Checkout) -> None:
    checkout("demo")
    checkout.deeds()
    checkout("test", "--version")
    assert checkout.deeds() == ["requirements/dev.txt", "."]
    checkout("demo")
    assert checkout.deeds() == []


def test_two_first_starts_at_once_make_one_environment(checkout: Checkout) -> None:
    with ThreadPoolExecutor(3) as threads:
        done = list(threads.map(checkout, ["demo"] * 3))
    assert [one.returncode for one in done] == [0, 0, 0]
    assert checkout.deeds() == RUN_SET


def test_a_wrong_interpreter_is_refused_in_one_line(checkout: Checkout) -> None:
    done = checkout("demo", OUTRIDER_PYTHON="/bin/true-not")
    assert done.returncode == 1
    assert done.stderr.startswith("outrider: OUTRIDER_PYTHON=/bin/true-not is no Python 3.11")
    assert len(done.stderr.splitlines()) == 1


def test_check_refuses_an_option_that_it_does_not_know(checkout: Checkout) -> None:
    done = checkout("check", "--fast")
    assert (done.returncode, "one option: --long" in done.stderr) == (1, True)


def test_make_help_lists_every_target_with_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (phony,) = [line for line in makefile.splitlines() if line.startswith(".PHONY")]
    for target in {*phony.split()[1:]} - {"dev"}:
        assert f"\n{target}:" in makefile
        assert "## " in makefile.partition(f"\n{target}:")[2].partition("\n")[0]


def test_the_build_machine_runs_the_command_of_the_readme() -> None:
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith('exec ./outrider check "$@"')
    assert "./outrider check" in (ROOT / "README.md").read_text()


def test_a_test_that_leaves_this_machine_fails() -> None:
    with socket.socket() as outside, pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"):
        outside.connect(("192.0.2.1", 9))
    with pytest.raises(pytest.fail.Exception, match=r"example\.org"):
        socket.getaddrinfo("example.org", 80)
    with socket.socket() as inside, pytest.raises(ConnectionRefusedError):
        inside.connect(("127.0.0.1", 1))
