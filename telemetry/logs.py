"""structlog, configured once per process: JSON lines or colours, scrubbed. Refuses addresses and secrets."""

import logging
import sys
import threading
from types import TracebackType
from typing import Literal, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor

from telemetry.redaction import scrub

Log = structlog.stdlib.BoundLogger

_CHATTY = ("dramatiq", "uvicorn", "httpx2", "httpcore2", "psycopg", "asyncio")
_MUTE = ("psycopg.pool",)  # whoever waits for a connection says so, once, with the reason
_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure(
    fmt: Literal["auto", "console", "json"], level: str = "info", *, stream: TextIO | None = None
) -> None:
    """Send every line of this process, the standard library's too, through one scrubbed renderer.

    `level` is the least important that is written; libraries are heard from "warning" on. Lines go
    to `stream` (standard error). Uncaught exceptions become lines as well. Idempotent.
    """
    out = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_formatter(colours=fmt == "console" or (fmt == "auto" and out.isatty())))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _MUTE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.captureWarnings(capture=True)
    sys.excepthook = _process_crashed
    threading.excepthook = _thread_crashed


def get(name: str) -> Log:
    """A logger; safe to make before `configure`. Event names are `noun.past_verb`."""
    return structlog.stdlib.get_logger(name)


def bind(**ids: object) -> None:
    """Put ids on every following line of this thread or task, until `clear`."""
    structlog.contextvars.bind_contextvars(**ids)


def clear() -> None:
    """Forget what `bind` put on; threads are reused, so every job ends with this."""
    structlog.contextvars.clear_contextvars()


def _formatter(*, colours: bool) -> logging.Formatter:
    # Tracebacks become text before they are scrubbed, and without local variables.
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if colours
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _scrubbed,
            renderer,
        ],
    )


def _scrubbed(_logger: object, _method: str, line: EventDict) -> EventDict:
    return cast(EventDict, scrub(line))


def _process_crashed(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    get("outrider").critical("process.crashed", exc_info=(kind, error, trace))


def _thread_crashed(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is None or issubclass(crash.exc_type, SystemExit):
        return
    get("outrider").critical(
        "thread.crashed",
        thread=crash.thread.name if crash.thread else None,
        exc_info=(crash.exc_type, crash.exc_value, crash.exc_traceback),
    )
