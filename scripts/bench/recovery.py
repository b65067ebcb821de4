"""`outrider bench recovery`: from SIGKILL until every job of the dead process runs again."""

import os
import random
import signal
import statistics
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from db import bench, bench_recovery, jobs
from scripts.bench.bench_fleet import start, stop, until
from scripts.bench.freezes import Freezes, freeze
from scripts.bench.scene import Scene, scene
from scripts.bench.unit import Nap
from scripts.options import Json
from scripts.output import out, print_json

_TOGETHER = 3
"""Processes that are killed in the same trial, each at its own point between two heartbeats."""
_THREADS, _ROOMY = 4, 40
"""The heir has a thread for each job of the dead, and for every ticket they held."""
_NAP = 100_000
_POP = 1.1
"""Seconds after which a blocking pop of a process that was stopped is over (workers/broker.py)."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """Seconds until jobs ran again: from the kill, and from the last sign of life before it."""

    jobs: int
    p50_s: float
    p100_s: float
    since_last_sign_p100_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What `--json` prints."""

    machine: dict[str, object]
    kills: int
    seed: int
    lease_s: float
    running: Recovered
    unread: Recovered | None
    freezes: Freezes | None


@dataclass(frozen=True, slots=True)
class _Wait:
    from_kill: float
    from_sign: float


def recovery(
    kills: Annotated[int, typer.Option(min=1, help="Processes to kill.")] = 6,
    lease: Annotated[
        float, typer.Option(min=1, help="OUTRIDER_LEASE of the fleet, in seconds.")
    ] = 15.0,
    seed: Annotated[int, typer.Option(help="Draws the moments of the kills.")] = 1,
    freezes: Annotated[
        int, typer.Option(min=0, help="Also freeze a process so often on a loaded machine.")
    ] = 0,
    frozen: Annotated[float, typer.Option(min=0.1, help="Seconds of each freeze.")] = 3.0,
    as_json: Json = False,
) -> None:
    """Kill busy worker processes, and take the time until another runs all they had."""
    draw = random.Random(seed)  # noqa: S311  (moments, not secrets)
    ran: list[_Wait] = []
    unread: list[_Wait] = []
    with scene() as place:
        done = 0
        while done < kills:
            victims = min(_TOGETHER, kills - done)
            _trial(place, victims, lease, draw, ran, unread)
            done += victims
        held = freeze(place, lease, freezes, frozen) if freezes else None
        figures = Figures(place.facts(), kills, seed, lease, _summary(ran),
                          _summary(unread) if unread else None, held)  # fmt: skip
    if as_json:
        print_json(asdict(figures))
    else:
        out.print(_sentence(figures), highlight=False)


def _trial(
    place: Scene,
    count: int,
    lease: float,
    draw: random.Random,
    ran: list[_Wait],
    unread: list[_Wait],
) -> None:
    """Kill `count` busy processes at once beside an idle one, and add what their jobs waited."""
    bench.prepare(place.owner_dsn, rows=1)
    with ExitStack() as stack:
        heir = _worker(stack, place, lease, _ROOMY)
        victims = [_worker(stack, place, lease, _THREADS) for _ in range(count)]
        _announced(place, [heir, *victims])
        with _frozen(place, heir):  # so that each victim gets all that it can run and hold
            _naps(place, count * _THREADS * 2)
            for state in ("running", "dispatched"):
                until(lambda state=state: bench_recovery.count(place.owner, Nap.name, state)
                      == count * _THREADS, patience=20)  # fmt: skip
        time.sleep(draw.uniform(0, lease / 5))
        held = bench_recovery.holding(place.owner, Nap.name, [victim.pid for victim in victims])
        for victim in victims:
            os.kill(victim.pid, signal.SIGKILL)
        _collect(place, held, lease, ran, unread)


@contextmanager
def _frozen(place: Scene, heir: subprocess.Popen[bytes]) -> Generator[None]:
    """Stop a process where it holds nothing: no transaction, and no pop that Redis would answer."""
    os.kill(heir.pid, signal.SIGSTOP)
    time.sleep(_POP)
    while bench_recovery.stuck(place.owner):
        os.kill(heir.pid, signal.SIGCONT)
        time.sleep(0.05)
        os.kill(heir.pid, signal.SIGSTOP)
        time.sleep(_POP)
    try:
        yield
    finally:
        os.kill(heir.pid, signal.SIGCONT)


def _worker(stack: ExitStack, place: Scene, lease: float, threads: int) -> subprocess.Popen[bytes]:
    process = start(
        "scripts.bench.durable", [], place.settings, OUTRIDER_LEASE=str(lease),
        OUTRIDER_THREADS=str(threads), OUTRIDER_POOL_MAX=str(threads + 4),
    )  # fmt: skip
    stack.callback(_bury, place, process)
    return process


def _bury(place: Scene, process: subprocess.Popen[bytes]) -> None:
    """Its naps are long: no drain, and no session left that others would count on."""
    process.kill()
    stop(process)
    bench_recovery.forget(place.owner, [process.pid])


def _announced(place: Scene, workers: Sequence[subprocess.Popen[bytes]]) -> None:
    pids = [worker.pid for worker in workers]
    until(lambda: len(bench_recovery.sessions(place.owner, pids)) == len(pids), patience=30)


def _naps(place: Scene, count: int) -> None:
    with place.database.tenant(place.tenant()) as tx:
        jobs.add(tx, [jobs.NewJob(Nap(milliseconds=_NAP)) for _ in range(count)])


def _collect(
    place: Scene, held: bench_recovery.Holding, lease: float, ran: list[_Wait], unread: list[_Wait]
) -> None:
    wanted = {*held.ran, *held.unread}
    until(lambda: wanted <= set(bench_recovery.restarts(place.owner, held)), patience=lease * 4)
    again = bench_recovery.restarts(place.owner, held)
    ran += [_Wait(again[job] - held.at, again[job] - beat) for job, beat in held.ran.items()]
    unread += [
        _Wait(again[job] - held.at, again[job] - (end - lease)) for job, end in held.unread.items()
    ]


def _summary(waits: Sequence[_Wait]) -> Recovered:
    from_kill = [wait.from_kill for wait in waits]
    return Recovered(
        len(waits), round(statistics.median(from_kill), 2), round(max(from_kill), 2),
        round(max(wait.from_sign for wait in waits), 2),
    )  # fmt: skip


def _sentence(figures: Figures) -> str:
    ran, unread, froze = figures.running, figures.unread, figures.freezes
    text = (
        f"With a lease of {figures.lease_s:g} s, after {figures.kills} SIGKILLs all {ran.jobs} running "
        f"jobs ran again, p50 {ran.p50_s} s and at worst {ran.p100_s} s after the kill, and "
        f"{ran.since_last_sign_p100_s} s after the last heartbeat"
    )
    if unread:
        text += (
            f"; {unread.jobs} that waited unread in a dead process at worst {unread.p100_s} s, and "
            f"{unread.since_last_sign_p100_s} s after they were picked"
        )
    if froze:
        text += (
            f". {froze.times} freezes of {froze.seconds:g} s on a loaded machine lost {froze.lost} "
            f"leases; the longest silence was {froze.longest_silence_s} s"
        )
    return text + "."
