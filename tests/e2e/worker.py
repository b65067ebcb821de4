"""A worker process with the toys: `python -m tests.e2e.worker [ACTOR…]`. Writes a diary of its deeds."""

import os
import signal
import sys
import time
from datetime import timedelta

from schemas.base import Value
from schemas.enums import EffectClass
from schemas.settings import load
from scripts.signals import on_signal
from telemetry import logs, sentry
from telemetry.secrets import Keyring
from tests.e2e.toys import Crash, Killer, Leak, Nap, Send, Sip
from workers import connected
from workers.actor import actor
from workers.context import Context
from workers.effects import Effect, perform
from workers.process import serve
from workers.retry import QUICK


class Receipt(Value):
    number: int


def write(line: str) -> None:
    """One line, in one write, so that a kill leaves no half."""
    handle = os.open(os.environ["OUTRIDER_TEST_DIARY"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)


@actor(Send, queue="toys", retry=QUICK, limit=timedelta(seconds=30))
def send(job: Send, ctx: Context) -> None:
    def call() -> Receipt:
        write(f"sent {job.number}")
        return Receipt(number=job.number)

    perform(ctx, Effect(f"send:{job.number}", EffectClass.UNREPEATABLE, Receipt, call))


@actor(Sip, queue="toys", retry=QUICK, limit=timedelta(seconds=30), chunk=8)
def sip(job: Sip, ctx: Context) -> None:
    nap(job, ctx)


LEAKED: list[bytearray] = []


@actor(Leak, queue="toys", retry=QUICK, limit=timedelta(seconds=30))
def leak(job: Leak, ctx: Context) -> None:
    LEAKED.append(bytearray(b"x") * 2**24)
    nap(job, ctx)


@actor(Nap, queue="toys", retry=QUICK, limit=timedelta(seconds=30))
def nap(job: Nap, ctx: Context) -> None:
    write(f"began {job.number}")
    until = time.monotonic() + job.seconds
    while time.monotonic() < until:
        time.sleep(0.02)
    with ctx.finish():
        pass
    write(f"ended {job.number}")


@actor(Killer, queue="toys", retry=QUICK, limit=timedelta(seconds=30))
def killer(_job: Killer, _ctx: Context) -> None:
    write("killed")
    os.kill(os.getpid(), signal.SIGKILL)


@actor(Crash, queue="toys", retry=QUICK, limit=timedelta(seconds=30))
def crash(job: Crash, ctx: Context) -> None:
    key = load().secret_key
    assert key
    with connected.using(ctx, job.provider) as (_, account):
        secret = Keyring.from_setting(key.get_secret_value()).open(
            account.secret.box, account.secret.purpose
        )
        ctx.log.info("toy.crashing", url=f"https://x.test/?k={secret.hex()}", said=str(secret))
        raise RuntimeError("broke with", secret, {"word": secret.decode()})


if __name__ == "__main__":
    settings = load()
    logs.configure("json", "info")
    sentry.configure(settings.sentry_dsn, env=settings.env)
    sys.exit(serve(settings, only=sys.argv[1:], stop=on_signal()))
