"""The benchmarks do the work they measure, and their figures have a shape one can rely on."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import Database
from scripts.bench.fairness import arrivals
from scripts.bench.meter import Cpu, Meter, watch
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]
Peek = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def bench(
    owner_dsn: str,
    outrider: Outrider,
    peek: Peek,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Any]]:
    """`bench("latency", "--jobs", "20")` gives its figures; at the end nothing is left of it."""
    monkeypatch.setenv("OUTRIDER_OWNER_URL", owner_dsn)
    monkeypatch.setenv("OUTRIDER_METRICS_PORT", "-1")

    def run(*arguments: str) -> Any:
        said = outrider("bench", *arguments, "--json")
        assert said.code == 0, said.err
        return said.json()

    yield run
    left = """
        SELECT (SELECT count(*) FROM outrider.jobs WHERE actor LIKE 'bench.%'),
               (SELECT count(*) FROM outrider.job_log WHERE actor LIKE 'bench.%'),
               (SELECT count(*) FROM outrider.tenants), to_regnamespace('bench')"""
    assert peek(left) == [(0, 0, 0, None)]


def check_machine(figures: Any) -> None:
    assert figures["machine"]["cores"] >= 1
    assert {"fsync", "synchronous_commit", "server_version"} <= figures["machine"][
        "postgres"
    ].keys()


@pytest.mark.timeout(120)
def test_throughput_counts_work_that_was_done_and_says_who_used_the_cpu(bench: Any) -> None:
    figures = bench("throughput", "--only", "outrider", "--only", "dramatiq", "--jobs", "100",
                    "--rounds", "1", "--processes", "1", "--threads", "4")  # fmt: skip
    check_machine(figures)
    assert figures["ways"].keys() == {"outrider", "dramatiq"}
    for way in figures["ways"].values():
        assert 0 < way["lowest"] <= way["per_second"] <= way["highest"]
        assert way["cpu_ms_per_job"].keys() == {"workers", "postgres", "redis"}
    outrider, dramatiq = (figures["ways"][way]["per_second"] for way in ("outrider", "dramatiq"))
    assert figures["ratios"] == {
        "outrider_to_dramatiq": pytest.approx(outrider / dramatiq, abs=0.01)
    }


@pytest.mark.long
@pytest.mark.timeout(180)
def test_every_way_of_throughput_does_all_its_work(bench: Any) -> None:
    figures = bench("throughput", "--jobs", "200", "--rounds", "1")
    assert len(figures["ways"]) == 7
    assert len(figures["ratios"]) == 6
    assert all(speed > 0 for speed in figures["enqueue"]["rows_per_second"].values())


def test_a_way_that_does_not_exist_is_refused_before_anything_starts(outrider: Outrider) -> None:
    said = outrider("bench", "throughput", "--only", "magic")
    assert said.code == 2
    assert "'magic' is none of loop, dramatiq" in said.err


@pytest.mark.long
@pytest.mark.parametrize("mode", [[], ["--direct"]])
def test_latency_times_every_job_and_the_cost_of_waiting(bench: Any, mode: list[str]) -> None:
    figures = bench("latency", "--jobs", "20", "--idle", "1", *mode)
    check_machine(figures)
    assert 0 < figures["p50_ms"] <= figures["p99_ms"] <= figures["max_ms"] < 30_000
    assert figures["direct"] == bool(mode)
    assert figures["idle"].keys() == {
        "redis_commands",
        "worker_cpu_percent",
        "postgres_transactions",
    }


@pytest.mark.long
@pytest.mark.timeout(120)
def test_recovery_kills_processes_and_finds_every_job_they_had_running_again(bench: Any) -> None:
    figures = bench("recovery", "--kills", "2", "--lease", "3", "--freezes", "1", "--frozen", "0.5")
    assert figures["running"]["jobs"] == figures["unread"]["jobs"] == 8
    for found in (figures["running"], figures["unread"]):
        assert 0 < found["p50_s"] <= found["p100_s"] <= found["since_last_sign_p100_s"]
    assert figures["freezes"]["times"] == 1


@pytest.mark.long
@pytest.mark.timeout(180)
def test_fairness_compares_the_same_arrivals_alone_and_behind_a_backlog(bench: Any) -> None:
    figures = bench("fairness", "--backlog", "10000", "--tenants", "5", "--seconds", "2",
                    "--share", "0.3", "--nap", "20")  # fmt: skip
    for share in figures["shares"]:
        assert share["alone"]["jobs"] == share["behind"]["jobs"] >= 25
        assert share["p95_ratio"] == pytest.approx(
            share["behind"]["p95_ms"] / share["alone"]["p95_ms"], abs=0.01
        )
    assert [share["arrivals"] for share in figures["shares"]] == [
        "all at once", "by and by, wanting 30% of the threads"]  # fmt: skip
    assert figures["shares"][1]["backlog_done"] > 0
    assert figures["weight_3_to_1"] > 1


def test_delayed_polls_beside_rows_that_wait_and_promotes_those_that_are_due(bench: Any) -> None:
    figures = bench("delayed", "--rows", "12000", "--rounds", "20", "--due", "1000")
    assert figures["few"]["rows"] == figures["few_again"]["rows"] == 10_000
    assert figures["many"]["rows"] == 12_000
    assert figures["ratio"] > 0
    assert figures["promoted_per_second"] > 0


@given(st.integers(), st.integers(2, 60), st.floats(1, 30), st.floats(1, 500))
def test_arrivals_are_the_same_for_the_same_seed_and_leave_no_tenant_out(
    seed: int, tenants: int, seconds: float, rate: float
) -> None:
    first, again = (
        arrivals(random.Random(seed), tenants=tenants, seconds=seconds, rate=rate) for _ in range(2)
    )
    assert first == again
    assert {tenant for _, tenant in first.bursts} == set(range(tenants))
    assert [moment for moment, _ in first.bursts] == sorted(moment for moment, _ in first.bursts)
    assert all(0 <= moment <= seconds for moment, _ in first.bursts)
    assert first.jobs >= rate * seconds - 5


class Still(Meter):
    """Nobody uses anything."""

    def __init__(self) -> None: ...

    def read(self, pids: object) -> Cpu:
        return Cpu(None, None, 1.0)


def test_speed_is_taken_between_the_first_and_the_last_tenth() -> None:
    counts = iter([0, 0, 5, 20, 60, 95, 97, 100])
    measured = watch(lambda: next(counts), 100, Still(), [], patience=10)
    # From the last look below 10 (5) to the first look above 90 (95): 90 in three looks.
    assert measured.per_second == pytest.approx(90 / 0.15, rel=0.3)
    assert measured.cpu_ms.workers is None
    assert measured.cpu_ms.redis == 0


def test_work_that_never_ends_is_an_error_and_no_figure() -> None:
    with pytest.raises(TimeoutError) as error:
        watch(lambda: 7, 100, Still(), [], patience=0.1)
    assert "7 of 10 were done" in str(error.value)


def test_import_takes_two_files_to_their_end_and_says_what_it_took(bench: Any) -> None:
    figures = bench("import", "--rows", "2000", "--seed", "5")
    check_machine(figures)
    for size, rows in (("small", 200), ("large", 2000)):
        part = figures[size]
        assert part["rows"] == rows == part["imported"] + part["updated"] + part["failed"]
        assert part["failed"]
        assert part["updated"]
        assert part["read_to_copy"] > 0
        assert 20 < part["peak_mib"] < 200
