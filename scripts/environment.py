"""Where a command finds its servers: configured, already running here, or started for it alone."""

import base64
import contextlib
import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from db.logins import is_owner, make_app_login
from db.migrate import migrate
from schemas.settings import Settings
from scripts.embedded import urls
from scripts.services import ServerFailed, Services, default_folder, running


@contextmanager
def environment(
    settings: Settings, *, folder: Path | None = None, may_migrate: bool = False
) -> Generator[Settings]:
    """Settings with every server filled in; what this call started is stopped at its end.

    Missing servers come from the embedded ones under `folder`, shared with another command that
    already runs them; those are migrated, and the fleet gets its own login. A configured login with
    the owner's rights is used for that only with `may_migrate` (demo, benchmarks) and never in
    production; everywhere else it stays as it is, and is refused by whoever works with it.
    """
    place = folder or home(settings)
    _refuse_unwritable(place)
    with contextlib.ExitStack() as stack:
        lacking = settings.redis_url is None and not settings.direct
        if settings.database_url is None or lacking:
            services = attached(place) or stack.enter_context(running(place))
        else:
            services = None
        yield _complete(
            settings, services, place, may_migrate=may_migrate and settings.env != "production"
        )


def _refuse_unwritable(place: Path) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise ServerFailed(
            f"OUTRIDER_HOME: nothing can be written to {place} ({error.strerror}). Name another folder."
        ) from None


def home(settings: Settings) -> Path:
    """Where embedded servers keep their data."""
    return settings.home or default_folder()


def attached(folder: Path) -> Services | None:
    """The servers that another live process keeps in `folder`, or None when nobody does."""
    try:
        with (folder / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = int((folder / "lock").read_text() or 0)
        if not _lives(holder):  # its servers are about to go, and the folder will soon be free
            return None
        return Services(**urls(folder, json.loads((folder / "ports.json").read_text())))
    except FileNotFoundError:
        return None
    return None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or ") Z " not in stat.read_text()


def _complete(
    settings: Settings, services: Services | None, place: Path, *, may_migrate: bool
) -> Settings:
    found: dict[str, SecretStr] = {}
    if settings.redis_url is None and services:
        found["redis_url"] = SecretStr(services.redis_url)
    if settings.secret_key is None:
        found["secret_key"] = SecretStr(_own_key(place))
    if settings.database_url is None and services:
        found |= _as_owner(services.database_url)
    elif (
        may_migrate and settings.database_url and is_owner(settings.database_url.get_secret_value())
    ):
        found |= _as_owner(settings.database_url.get_secret_value())
    return settings.model_copy(update=found)


def _as_owner(owner_url: str) -> dict[str, SecretStr]:
    migrate(owner_url)
    return {"owner_url": SecretStr(owner_url), "database_url": SecretStr(make_app_login(owner_url))}


def _own_key(place: Path) -> str:
    """A key of this folder's own, made once; production names its key in the settings."""
    place.mkdir(parents=True, exist_ok=True)
    path = place / "secret.key"
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)).decode())
    return path.read_text().strip()


def variables(settings: Settings) -> dict[str, str]:
    """The environment that gives a child process these same settings."""
    return {
        "OUTRIDER_ENV": settings.env,
        "OUTRIDER_REDIS_PREFIX": settings.redis_prefix,
        "OUTRIDER_DIRECT": str(settings.direct).lower(),
        **{
            f"OUTRIDER_{name.upper()}": secret.get_secret_value()
            for name in ("database_url", "redis_url", "secret_key")
            if (secret := getattr(settings, name)) is not None
        },
    }
