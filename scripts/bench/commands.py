"""`outrider bench`: measurements that print one sentence and, with --json, their figures."""

import typer

from scripts.bench.latency import latency
from scripts.bench.throughput import throughput

app = typer.Typer(no_args_is_help=True)
app.command("throughput")(throughput)
app.command("latency")(latency)
