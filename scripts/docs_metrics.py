"""The reference page of every Prometheus series, drawn from the code that makes them."""

from collections.abc import Sequence

from telemetry.fleet_gauges import FLEET, PROCESS, Series
from telemetry.metrics import SERIES

_HEAD = """\
# Metrics

Every worker answers `/metrics` (`OUTRIDER_METRICS_PORT`), and so does the HTTP edge. Labels are
bounded: by the actors, states and schedules of the code, and never a tenant or a key. What to do
when one of them is bad is in the [runbook](../runbook.md); the rules that say so are in
[`deploy/alerts.yaml`](../../deploy/alerts.yaml).

This page is drawn from the code by `make docs`.
"""
_OF_FLEET = """\
The database is asked at every scrape, so every process answers the same: take the `max` over
instances, not the `sum`. The same numbers are views for psql (`outrider.fleet_depth`,
`fleet_lanes`, `fleet_lag`, `fleet_dead`, `fleet_sessions`, `fleet_throughput`, `fleet_doubts`,
`fleet_cron`), and `outrider top` shows them.
"""


def metrics_page() -> str:
    """`docs/reference/metrics.md`."""
    parts = (_HEAD, "## Of the process\n", _table([*SERIES, *PROCESS]), "## Of the fleet\n", _OF_FLEET,
             _table(FLEET))  # fmt: skip
    return "\n".join(parts)


def _table(series: Sequence[Series]) -> str:
    lines = ["| series | kind | labels | meaning |", "|---|---|---|---|"]
    for one in sorted(series, key=lambda one: one.name):
        labels = ", ".join(f"`{label}`" for label in one.labels)
        lines.append(f"| `{one.name}` | {one.kind} | {labels} | {one.meaning} |")
    return "\n".join([*lines, ""])
