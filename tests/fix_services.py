"""One Postgres and one Valkey per run, in a temporary folder; gone with the run.

Set OUTRIDER_TEST_OWNER_URL (a superuser's) and OUTRIDER_TEST_REDIS_URL to test on other servers.
"""

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from scripts.services import Services, running

OWNER, REDIS = "OUTRIDER_TEST_OWNER_URL", "OUTRIDER_TEST_REDIS_URL"
_ROOM = 4 << 30
_PREFIX = "outrider-tests-"
_stack = pytest.StashKey[ExitStack]()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the servers before xdist starts its workers, which inherit the two variables."""
    if session.config.option.collectonly or {OWNER, REDIS} <= os.environ.keys():
        return
    stack = session.config.stash.setdefault(_stack, ExitStack())
    folder = _folder(_in_memory())
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)  # `tmp_path` holds servers as well
    found = stack.enter_context(running(Path(folder), durable=False))
    for variable, url in ((OWNER, found.database_url), (REDIS, found.redis_url)):
        os.environ[variable] = url
        stack.callback(os.environ.pop, variable, None)


def _folder(place: str | None) -> str:
    """A folder of this run's own; those of runs that were killed go, for they may lie in memory."""
    for left in Path(place or tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists() and Path("/proc/self").exists():
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=place)


def _in_memory() -> str | None:
    """The machine's RAM disk, where it has one with room for a run's databases.

    Every test makes and drops a database of hundreds of files; ext4 looks for inodes that were not
    deleted within the last minute, which was two thirds of a run's processor time.
    """
    ram = Path("/dev/shm")
    roomy = ram.is_dir() and os.access(ram, os.W_OK) and shutil.disk_usage(ram).free > _ROOM
    return str(ram) if roomy else None


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash.get(_stack, ExitStack()).close()


@pytest.fixture(scope="session")
def services() -> Services:
    """The servers of this run."""
    return Services(os.environ[OWNER], os.environ[REDIS])
