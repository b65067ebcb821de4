"""Child processes of `up` and `demo`: one edge, some workers. Refuses to leave one behind."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from schemas.settings import Settings
from scripts.environment import variables
from scripts.services import ServerFailed
from scripts.signals import die_with_parent
from workers.recycling import RECYCLED

_ROOT = Path(__file__).resolve().parent.parent
_FAREWELL = 30.0
_BOOT = 20.0
_WINDOW, _TOO_MANY = 30.0, 5


class Fleet:
    """Starts processes with given settings; `with` stops whatever is still running."""

    def __init__(
        self, settings: Settings, *, extra: dict[str, str] | None = None, logs: Path | None = None
    ) -> None:
        self._settings = settings
        self._extra = extra or {}
        self._logs = logs
        self._deaths: list[float] = []
        self._children: dict[subprocess.Popen[bytes], tuple[tuple[str, ...], dict[str, str]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in self._children:
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + _FAREWELL
        for child in self._children:
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def start_worker(self, *, only: str = "", **extra: str) -> subprocess.Popen[bytes]:
        """A worker process of these actors or queues (all, when empty).

        `extra` is further environment, e.g. armed faults.
        """
        return self._start(("worker", *(("--only", only) if only else ())), extra)

    def start_ingress(self) -> int:
        """The HTTP edge; returns its port once it answers. Raises ServerFailed."""
        port = self._settings.ingress_port or free_port()
        _refuse_taken(self._settings.ingress_host, port)
        child = self._start(("ingress",), {"OUTRIDER_INGRESS_PORT": str(port)})
        deadline = time.monotonic() + _BOOT
        while time.monotonic() < deadline:
            if child.poll() is not None:
                raise ServerFailed(f"The edge ended with exit code {child.returncode}.")
            try:
                if httpx2.get(f"http://{self._settings.ingress_host}:{port}/live").is_success:
                    return port
            except httpx2.TransportError:
                time.sleep(0.05)
        raise ServerFailed(f"The edge did not answer on port {port} within {_BOOT:.0f} s.")

    def restart_the_dead(self) -> int:
        """Start every child that ended again, without its faults; returns how many.

        Raises ServerFailed when children keep ending as soon as they start.
        """
        dead = [child for child in self._children if child.poll() is not None]
        self._deaths += [time.monotonic() for child in dead if child.returncode != RECYCLED]
        self._deaths = [moment for moment in self._deaths if time.monotonic() - moment < _WINDOW]
        if len(self._deaths) > _TOO_MANY:
            raise ServerFailed("A process of the fleet ends as often as it is started; see above.")
        for child in dead:
            command, extra = self._children.pop(child)
            extra.pop("OUTRIDER_FAULTS", None)
            self._start(command, extra)
        return len(dead)

    def _start(self, command: tuple[str, ...], extra: dict[str, str]) -> subprocess.Popen[bytes]:
        log = (self._logs / f"{command[0]}.log").open("ab") if self._logs else None
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "scripts.cli", *command],
            # Ports are each process's own: two workers cannot share one.
            env={**os.environ, "OUTRIDER_METRICS_PORT": "0", "PYTHONPATH": str(_ROOT),
                 **variables(self._settings), **self._extra, **extra},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is ours; children hear SIGTERM, once
            preexec_fn=die_with_parent(),  # noqa: PLW1509
        )  # fmt: skip
        if log:
            log.close()
        self._children[child] = (command, extra)
        return child


def _refuse_taken(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServerFailed(
                f"OUTRIDER_INGRESS_HOST, OUTRIDER_INGRESS_PORT: nothing can listen on {host}:{port} "
                f"({error.strerror}). Stop what does, or choose another port."
            ) from None


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
