"""One child process that serves a loopback port. Refuses to run Postgres as root, as Postgres does."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from scripts.signals import die_with_parent

NOBODY = 65534
_AS_NOBODY = ("--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")


class ServerFailed(Exception):
    """A server did not start; the text says which, why, and where its log is."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs Postgres, which refuses root: a command before it, or another user id."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None

    @property
    def owner(self) -> int:
        """The user id that must own the data, seen from here."""
        return os.geteuid() if self.uid is None else self.uid


def account() -> Account:
    """Ourselves; as root, root shown as nobody by a user namespace; without one, nobody."""
    if os.geteuid() != 0:
        return Account()
    unshare = shutil.which("unshare")
    if unshare:
        trial = subprocess.run(
            [unshare, *_AS_NOBODY, "/bin/sh", "-c", ":"], capture_output=True, check=False
        )
        if trial.returncode == 0:
            return Account(prefix=(unshare, *_AS_NOBODY))
    return Account(uid=NOBODY)


@dataclass(slots=True)
class Server:
    """One child process that answers on a loopback port.

    On Linux it dies with the *thread* that calls `start`: call it from one that lives as long.
    """

    name: str
    port: int
    argv: tuple[str, ...]
    log: Path
    answers: Callable[[int], bool]
    farewell: signal.Signals
    account: Account = field(default_factory=Account)
    process: subprocess.Popen[bytes] | None = None

    def start(self, *, patience: float = 60, keep: tuple[int, ...] = ()) -> None:
        """Return when the server answers; it inherits the descriptors `keep`.

        Raises ServerFailed when it ends, or is silent for `patience` seconds.
        """
        with self.log.open("wb") as log:
            process = spawn(self.argv, self.account, self.farewell, keep, log.fileno())
        self.process = process
        deadline = time.monotonic() + patience
        while not self.answers(self.port):
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop(patience=1)
                raise ServerFailed(f"{self.name} did not start. {last_lines(self.log)}")
            time.sleep(0.01)

    def stop(self, *, patience: float = 10) -> None:
        """End the server in order, or by force after `patience` seconds. Idempotent."""
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(self.farewell)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def spawn(
    argv: tuple[str, ...], who: Account, farewell: int, keep: tuple[int, ...], log: int
) -> subprocess.Popen[bytes]:
    """Start a child that writes to `log`, inherits `keep` and gets `farewell` when we are gone.

    Raises ServerFailed when the program cannot be run.
    """
    groups = None if who.uid is None else [who.uid]
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    try:
        return subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd="/",
            start_new_session=True,  # Ctrl-C is for our parent, which stops its workers first
            pass_fds=keep, user=who.uid, group=who.uid, extra_groups=groups,
            preexec_fn=die_with_parent(farewell),  # noqa: PLW1509  (one thread, by contract)
        )  # fmt: skip
    except OSError as error:
        raise ServerFailed(
            f"{argv[0]} cannot be started as user {who.owner}: {error.strerror}. "
            "Run as a normal user, or set OUTRIDER_DATABASE_URL and OUTRIDER_REDIS_URL."
        ) from error


def last_lines(log: Path) -> str:
    """The end of a log, for the text of an error."""
    lines = log.read_text(errors="replace").splitlines()[-3:]
    return f"The end of {log}: {' | '.join(lines)}"
