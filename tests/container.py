"""A Dockerfile as data, and its build stage on this machine: the same commands in folders of a test.

Two things differ from an engine, which is not here: `/opt` and `/src` are folders of the test, and
what the locks name is copied from this environment, version by version, instead of downloaded.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).parent.parent
UID = "10001"


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of a stage, on one line."""

    word: str
    text: str


def stages(text: str) -> list[list[Step]]:
    """The instructions of each stage, FROM first; comments are gone and lines joined."""
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", text))
    steps = [Step(*line.split(None, 1)) for line in joined.splitlines() if line.strip()]
    begins = [place for place, step in enumerate(steps) if step.word == "FROM"]
    return [steps[a:b] for a, b in zip(begins, [*begins[1:], len(steps)], strict=True)]


def values(steps: list[Step], word: str) -> list[str]:
    """The texts of one kind of instruction."""
    return [step.text for step in steps if step.word == word]


def command(steps: list[Step], word: str) -> list[str]:
    """An instruction in its JSON form; a HEALTHCHECK without its options."""
    [text] = values(steps, word)
    return json.loads(text[text.index("[") :])


def environment(steps: list[Step]) -> dict[str, str]:
    """What ENV sets."""
    return dict(pair.split("=", 1) for text in values(steps, "ENV") for pair in text.split())


@dataclass(frozen=True, slots=True)
class Machine:
    """Folders that stand for `/opt`, `/src` and `/work` of an image."""

    place: Path

    def local(self, text: str) -> str:
        """The same words with this machine's folders."""
        return re.sub(
            r"(?<![\w/.])/(opt|src|work)\b", lambda found: f"{self.place}/{found[1]}", text
        )

    def build(self, steps: list[Step]) -> None:
        """Do what a stage says."""
        folder, surroundings = self.place, dict(os.environ)
        for step in steps:
            match step.word:
                case "ENV":
                    surroundings |= environment([step])
                case "WORKDIR":
                    folder = Path(self.local(step.text))
                    folder.mkdir(parents=True)
                case "COPY":
                    _copy(step.text.split(), folder)
                case "RUN":
                    self._run(self.local(step.text), folder, surroundings)
                case _:
                    assert step.word == "FROM"

    def _run(self, text: str, folder: Path, surroundings: dict[str, str]) -> None:
        for part in text.split("&&"):
            if lock := re.search(r"--require-hashes -r (\S+)", part):
                python = re.search(r"--python (\S+)", part)
                venv = Path(python[1] if python else part.split()[0]).parent.parent
                _provide(folder / lock[1], venv)
                continue
            local = re.sub(r"(^|\s)python(?= -m venv)", rf"\1{sys.executable}", part)
            subprocess.run(
                local, shell=True, cwd=folder, env=surroundings, check=True, capture_output=True
            )

    def start(
        self, words: list[str], surroundings: dict[str, str], **more: object
    ) -> subprocess.Popen[str]:
        """A process of the image as its user, in its empty folder, with its environment and no other."""
        become = ["unshare", "--user", f"--map-user={UID}", f"--map-group={UID}", "--"]
        folder = self.place / "work"
        folder.mkdir(exist_ok=True)
        path = self.local(surroundings["PATH"]).replace("$PATH", os.defpath)
        return subprocess.Popen(
            [*(become if os.geteuid() == 0 else []), *words], cwd=folder, text=True,
            env={**surroundings, "PATH": path}, stdin=subprocess.DEVNULL, **more,  # pyright: ignore[reportArgumentType, reportCallIssue]
        )  # fmt: skip


def _copy(words: list[str], folder: Path) -> None:
    *sources, target = words
    for source in sources:
        origin = ROOT / source
        goal = folder / target / origin.name if target.endswith("/") else folder / target
        if origin.is_dir():
            shutil.copytree(origin, goal, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(origin, goal)


def _provide(lock: Path, venv: Path) -> None:
    """Put what a lock names into an environment; it must be what these tests run with."""
    [site] = venv.glob("lib/python*/site-packages")
    for name, version in locked(lock.read_text()):
        found = metadata.distribution(name)
        assert found.version == version, f"{name} is {found.version} here and {version} in the lock"
        for file in found.files or ():
            origin, goal = Path(str(file.locate())), site / file
            if ".." not in file.parts and origin.suffix != ".pyc":
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(origin, goal)


def locked(text: str) -> Iterator[tuple[str, str]]:
    """Name and version of what a lock installs on this machine."""
    for line in re.findall(r"(?m)^[a-z0-9].*", text):
        requirement, _, marker = line.rstrip(" \\").partition(" ; ")
        if not marker or Marker(marker).evaluate():
            name, _, version = requirement.partition("==")
            yield name.partition("[")[0], version
