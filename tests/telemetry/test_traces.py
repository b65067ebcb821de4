"""Trace ids come from outside only in the form that the W3C describes."""

import re

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from telemetry import traces

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "header",
    [f"00-{TRACE}-00f067aa0ba902b7-01", f" 00-{TRACE}-00f067aa0ba902b7-00 ", f"01-{TRACE}-00f067aa0ba902b7-01-more"],
)  # fmt: skip
def test_a_valid_traceparent_is_continued(header: str):
    assert traces.accept(header) == TRACE


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-00f067aa0ba902b7-01-more",
        f"00-{TRACE}-00f067aa0ba902b7",
        f"00-{TRACE}-00f067aa0ba902b7-01\n",
    ],
)
def test_anything_else_starts_a_new_trace(header: str | None):
    fresh = traces.accept(header)
    if header is None or not header.endswith("\n"):
        assert fresh != TRACE
    assert re.fullmatch("[0-9a-f]{32}", fresh)


@given(st.text())
def test_no_text_whatsoever_makes_a_malformed_trace(header: str):
    assert re.fullmatch("[0-9a-f]{32}", traces.accept(header))


def test_a_call_carries_the_trace_of_the_thread_that_makes_it():
    assert traces.parent() is None
    with structlog.contextvars.bound_contextvars(trace_id=TRACE):
        assert traces.current() == TRACE
        first, second = traces.parent(), traces.parent()
    assert first
    assert traces.accept(first) == TRACE
    assert first != second  # each call is a span of its own


@given(st.text())
def test_no_id_that_is_not_w3c_leaves_the_house(trace: str):
    with structlog.contextvars.bound_contextvars(trace_id=trace):
        header = traces.parent()
    assert header is None or traces.accept(header) == trace
