"""`outrider bench`: measurements that print one sentence and, with --json, their figures."""

import typer

from scripts.bench.delayed import delayed
from scripts.bench.fairness import fairness
from scripts.bench.importing import importing
from scripts.bench.latency import latency
from scripts.bench.recovery import recovery
from scripts.bench.throughput import throughput
from scripts.chaos.command import chaos

app = typer.Typer(no_args_is_help=True)
app.command("throughput")(throughput)
app.command("latency")(latency)
app.command("recovery")(recovery)
app.command("fairness")(fairness)
app.command("delayed")(delayed)
app.command("import")(importing)
app.command("chaos")(chaos)
