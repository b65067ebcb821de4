"""Every line of the process, from whatever logger, is one scrubbed JSON object."""

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog

from telemetry import logs

PLANTED = ("ada@example.org", "pa55word", "whsec_C2FVsBQIhrscChlQIMV")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What `configure` makes the process write; everything global is put back."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook)
    stream = io.StringIO()
    logs.configure("json", "info", stream=stream)
    yield stream
    root.handlers[:], _, sys.excepthook, threading.excepthook = before
    root.setLevel(before[1])
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def read(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(text: str) -> None:
    raise ValueError(text)


def test_a_line_carries_its_event_level_logger_and_bound_ids(lines: io.StringIO):
    logs.bind(job_id=7, actor="lead.enrich")
    logs.get("outrider.job").info("job.done", ms=1.5)
    logs.clear()
    logs.get("outrider.job").info("job.done")
    first, second = read(lines)
    assert first.items() >= {
        "event": "job.done", "level": "info", "logger": "outrider.job", "job_id": 7,
        "actor": "lead.enrich", "ms": 1.5,
    }.items()  # fmt: skip
    assert "job_id" not in second


def test_no_planted_secret_survives_any_road_into_the_log(lines: io.StringIO):
    address, password, key = PLANTED
    log, stdlib = logs.get("outrider.test"), logging.getLogger("outrider.stdlib")
    log.info("lead.seen", email=address, nested=[{"note": f"wrote to {address}"}], key=key)
    log.info(f"hello {address}")  # noqa: G004
    stdlib.info("login %s %s", address, f"postgresql://app:{password}@db/x")
    try:
        fail(f"{address} password={password} {key}")
    except ValueError:
        log.exception("job.failed")
        stdlib.exception("failed for %s", address)
    logging.getLogger("dramatiq").error("died of %s", address, stack_info=True)
    text = lines.getvalue()
    assert len(read(lines)) == 6
    assert [planted for planted in PLANTED if planted in text] == []
    assert text.count("ValueError") >= 2


def test_local_variables_do_not_reach_the_log(lines: io.StringIO):
    hidden = "a name and nothing else"
    try:
        fail(str(len(hidden)))
    except ValueError:
        logs.get("outrider.test").exception("job.failed")
    assert "ValueError: 23" in lines.getvalue()
    assert hidden not in lines.getvalue()


def test_libraries_are_heard_from_warning_on(lines: io.StringIO):
    for name in ("dramatiq.worker", "uvicorn.error", "httpx2", "psycopg.pool"):
        logging.getLogger(name).info("chatter")
        logging.getLogger(name).warning("trouble")
    assert {line["event"] for line in read(lines)} == {"trouble"}


def test_a_level_below_the_setting_is_not_written(lines: io.StringIO):
    logs.get("outrider.test").debug("lead.seen")
    assert lines.getvalue() == ""


def test_an_uncaught_exception_in_a_thread_is_one_scrubbed_line(lines: io.StringIO):
    def crash() -> None:
        raise ValueError(PLANTED[0])

    thread = threading.Thread(target=crash, name="doomed")
    thread.start()
    thread.join()
    [line] = read(lines)
    assert line.items() >= {"event": "thread.crashed", "thread": "doomed"}.items()
    assert PLANTED[0] not in lines.getvalue()


def test_an_uncaught_exception_of_the_process_is_one_scrubbed_line(lines: io.StringIO):
    error = ValueError(PLANTED[0])
    sys.excepthook(ValueError, error, None)
    [line] = read(lines)
    assert line["event"] == "process.crashed"
    assert PLANTED[0] not in lines.getvalue()


@pytest.mark.parametrize("fmt", ["auto", "console"])
def test_colours_are_for_terminals_and_equally_scrubbed(lines: io.StringIO, fmt: str):
    stream = io.StringIO()
    logs.configure("console" if fmt == "console" else "auto", stream=stream)
    try:
        fail(PLANTED[0])
    except ValueError:
        logs.get("outrider.test").exception("job.failed", email=PLANTED[0])
    text = stream.getvalue()
    assert ("\x1b[" in text) == (fmt == "console")  # a StringIO is no terminal
    assert text.startswith("{") == (fmt == "auto")
    assert "ValueError" in text
    assert PLANTED[0] not in text
