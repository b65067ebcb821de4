"""Error reports: few, grouped, and without a person in them."""

import json

import pytest
import sentry_sdk
import structlog

from telemetry import sentry
from tests.telemetry.conftest import Collecting

PLANTED = ("ada@example.org", "pa55word", "whsec_C2FVsBQIhrscChlQIMV", "a very local secret")


def failure(kind: type[Exception], text: str) -> Exception:
    local = "terces lacol yrev a"[::-1]  # source lines are reported, values are not
    with pytest.raises(kind) as caught:
        raise kind(text, len(local))
    return caught.value


def test_a_dead_letter_is_reported_under_its_actor_and_fingerprint_with_its_trace(sent: Collecting):
    with structlog.contextvars.bound_contextvars(trace_id="4bf92f3577b34da6a3ce929d0e0e4736"):
        sentry.dead(failure(ValueError, "one"), actor="lead.enrich", fingerprint="abc")
    [event] = sent.events
    assert event["fingerprint"] == ["lead.enrich", "abc"]
    assert event["tags"] == {"actor": "lead.enrich", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}
    assert (event["environment"], event["level"]) == ("test", "error")


def test_a_bug_is_reported_at_its_first_occurrence_only(sent: Collecting):
    for _ in range(3):
        sentry.bug(failure(KeyError, "x"), actor="lead.score")
    sentry.bug(failure(TypeError, "x"), actor="lead.score")
    sentry.bug(failure(KeyError, "x"), actor="lead.enrich")
    assert len(sent.events) == 3
    assert {event["level"] for event in sent.events} == {"warning"}


def test_nothing_planted_is_in_any_event(sent: Collecting):
    address, password, key, local = PLANTED
    with sentry_sdk.new_scope() as scope:
        scope.set_user({"email": address})
        scope.set_extra("note", address)
        scope.set_context("lead", {"email": address, "note": f"{key} {address}"})
        scope.set_tag("whose", address)
        sentry_sdk.add_breadcrumb(message=address)
        text = f"{address} postgresql://app:{password}@db/x {key}"
        sentry.dead(failure(ValueError, text), actor="lead.enrich", fingerprint="abc")
    [event] = sent.events
    assert [planted for planted in PLANTED if planted in json.dumps(event)] == []
    assert not {"user", "request", "extra", "breadcrumbs", "server_name"} & event.keys()
    assert "ValueError" in json.dumps(event)
    assert local not in json.dumps(event)


def test_logged_errors_are_not_reported_by_themselves(sent: Collecting):
    import logging

    logging.getLogger("outrider.test").error("something")
    assert sent.events == []


def test_without_a_dsn_nothing_happens():
    sentry.configure(None, env="test")
    sentry.bug(failure(KeyError, "x"), actor="lead.score")
    sentry.dead(failure(KeyError, "x"), actor="lead.score", fingerprint="abc")
    assert not sentry_sdk.get_client().is_active() or not sentry_sdk.get_client().dsn
