"""Series have bounded labels, and the fleet's gauges are asked for at every scrape."""

from collections.abc import Iterator

import httpx2
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from telemetry import metrics
from telemetry.fleet_gauges import Reading
from telemetry.probes import Probes


def test_every_series_of_the_process_is_exposed_under_our_prefix():
    metrics.JOBS.labels("lead.enrich", "done").inc()
    metrics.JOB_SECONDS.labels("lead.enrich").observe(0.2)
    metrics.WAIT_SECONDS.labels("lead.enrich").observe(0.2)
    metrics.TICKETS.labels("rung").inc()
    text = metrics.exposition().decode()
    assert 'outrider_jobs_total{actor="lead.enrich",outcome="done"}' in text
    assert 'outrider_tickets_total{kind="rung"}' in text
    assert "outrider_lease_lost_total" in text
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert [name for name in names if not name.startswith("outrider_")] == []


def test_the_fleet_is_read_anew_at_every_scrape():
    registry, sizes = CollectorRegistry(), iter((3, 5))
    metrics.watch(
        lambda: {"outrider_queue_depth": [Reading(("lead.enrich", "ready"), next(sizes))]},
        registry,
    )
    first, second = metrics.exposition(registry).decode(), metrics.exposition(registry).decode()
    assert 'outrider_queue_depth{actor="lead.enrich",state="ready"} 3.0' in first
    assert 'outrider_queue_depth{actor="lead.enrich",state="ready"} 5.0' in second
    assert "outrider_dead_open" not in first  # what was not read is absent, and not zero


def test_a_scrape_says_which_version_runs_and_how_long_each_thread_was_silent():
    metrics.beat("dispatcher")
    families = {f.name: f for f in text_string_to_metric_families(metrics.exposition().decode())}
    [build] = families["outrider_build_info"].samples
    assert build.labels.keys() == {"version", "python"}
    ages = families["outrider_thread_beat_age_seconds"].samples
    assert [s.value < 5 for s in ages if s.labels == {"thread": "dispatcher"}] == [True]
    metrics.rest("dispatcher")
    assert 'thread="dispatcher"' not in metrics.exposition().decode()


@pytest.fixture
def reasons() -> list[str]:
    return []


@pytest.fixture
def probes(reasons: list[str]) -> Iterator[Probes]:
    server = Probes("127.0.0.1", 0, ready=lambda: reasons[-1] if reasons else None)
    server.start()
    yield server
    server.close()


def test_a_worker_answers_live_ready_and_metrics(probes: Probes, reasons: list[str]):
    with httpx2.Client(base_url=f"http://127.0.0.1:{probes.port}", trust_env=False) as client:
        assert client.get("/live").status_code == 200
        assert client.get("/ready").status_code == 200
        reasons.append("Postgres does not answer.")
        assert client.get("/ready").status_code == 503
        assert "Postgres" in client.get("/ready").text
        page = client.get("/metrics?x=1")
        assert page.headers["content-type"] == metrics.CONTENT_TYPE
        assert b"outrider_jobs" in page.content
        assert client.get("/secrets").status_code == 404
        assert client.post("/live").status_code == 501


def test_a_taken_port_is_an_error_and_a_closed_one_is_free(probes: Probes):
    with pytest.raises(OSError, match="in use"):
        Probes("127.0.0.1", probes.port, ready=lambda: None)
    other = Probes("127.0.0.1", 0, ready=lambda: None)
    other.start()
    other.close()
    again = Probes("127.0.0.1", other.port, ready=lambda: None)
    again.start()
    again.close()
