"""Makes `.venv`; run by ./outrider with the machine's Python, so it knows the standard library only.

Installs nothing without a hash and nothing from source, except this folder itself. Refuses to
delete an environment that it did not make.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")


class NotOurs(Exception):
    """A `.venv` that somebody else made, and that cannot be completed where it stands."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a whole environment was made from; written last, removed first."""

    part: str
    recipe: str
    asked: str

    @classmethod
    def read(cls, path: Path) -> "Stamp | None":
        """The stamp of an environment; None when it is half-made or absent."""
        try:
            part, recipe, asked = path.read_text().splitlines()
        except (OSError, ValueError):
            return None
        return cls(part, recipe, asked)

    def write(self, path: Path) -> None:
        """Store in one move: the next start finds all of it or nothing."""
        fresh = path.with_suffix(".new")
        fresh.write_text(f"{self.part}\n{self.recipe}\n{self.asked}\n")
        fresh.replace(path)

    def holds(self, wanted: "Stamp") -> bool:
        """Whether nothing is left to do; the development set holds the run set."""
        same = (self.recipe, self.asked) == (wanted.recipe, wanted.asked)
        return same and self.part in {"dev", wanted.part}


@dataclass(frozen=True, slots=True)
class Venv:
    """`.venv` of one checkout, made with uv where it is at hand and with pip where not."""

    root: Path
    uv: str
    environment: Mapping[str, str]

    @property
    def path(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> str:
        return str(self.path / "bin" / "python")

    def bring_up(self, part: str, recipe: str) -> None:
        """Install `part` (run or dev). A half-made environment is made anew, an old one updated.

        Updating in place keeps a fleet alive that runs from it; so does completing, not replacing,
        an environment that was made by hand. Raises NotOurs when that cannot be done.
        """
        stamp = self.path / "outrider-stamp"
        asked = self.environment.get("OUTRIDER_PYTHON")
        found = Stamp.read(stamp)
        wanted = Stamp(part, recipe, asked or (found.asked if found else sys.executable))
        if found and found.holds(wanted) and Path(self.python).exists():
            return
        tool = "uv" if self.uv else "pip"
        print(f"outrider: setting up .venv with {tool} and {sys.executable}", file=sys.stderr)
        self._make(found)
        self._unfinished.touch()
        stamp.unlink(missing_ok=True)
        self._install(
            "--require-hashes", "--only-binary", ":all:", "-r", f"requirements/{part}.txt"
        )
        self._install("--no-deps", "--no-build-isolation", "--editable", ".")
        wanted.write(stamp)
        self._unfinished.unlink()

    @property
    def _unfinished(self) -> Path:
        """There from the first deed to the last: tells our own half from somebody else's whole."""
        return self.root / ".outrider" / "venv-unfinished"

    def _make(self, found: Stamp | None) -> None:
        ours = os.path.realpath(sys.executable)
        # One that uv made has no pip: where uv is gone it cannot be completed.
        fits = os.path.realpath(self.python) == ours and bool(
            self.uv or (self.path / "bin" / "pip").exists()
        )
        if found is None and self.path.exists() and not self._unfinished.exists():
            if fits:
                return
            raise NotOurs(f"{self.path} was not made by ./outrider: move it away and start again.")
        if found and fits and found.recipe.startswith(f"{self.root} "):
            return
        self._unfinished.touch()
        shutil.rmtree(self.path, ignore_errors=True)
        if self.uv:
            self._run(self.uv, "venv", "--quiet", "--python", ours, str(self.path))
        else:
            self._run(ours, "-m", "venv", str(self.path))

    def _install(self, *arguments: str) -> None:
        if self.uv:
            # As pip does: each process of the fleet would compile what it imports again.
            self._run(self.uv, "pip", "install", "--quiet", "--compile-bytecode", "--python",
                      self.python, *arguments)  # fmt: skip
        else:
            self._run(self.python, *_PIP, "install", "--quiet", *arguments)

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, cwd=self.root, env=self.environment)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The given variables, with a trust store like the machine's and no cache without a home."""
    ours = {"UV_SYSTEM_CERTS": "1", "UV_PYTHON_DOWNLOADS": "never", "PIP_USER": "0"}
    if not os.access(Path(given.get("HOME") or "/nonexistent"), os.W_OK):
        ours |= {"UV_NO_CACHE": "1", "PIP_NO_CACHE_DIR": "1"}
    return {**given, **ours}


def main() -> int:
    """Bring the environment of a checkout up to date; parallel first starts wait for each other."""
    root, part, recipe, uv = sys.argv[1:]
    state = Path(root) / ".outrider"
    state.mkdir(exist_ok=True)
    with (state / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            Venv(Path(root), uv, environment(os.environ)).bring_up(part, recipe)
        except subprocess.CalledProcessError as error:
            return error.returncode
        except NotOurs as refusal:
            print(f"outrider: {refusal}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
