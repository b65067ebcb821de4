"""`outrider pipelines`: the picture of what follows what, drawn from the tables that run."""

from typing import Annotated

import typer

from pipelines import graph as pictures

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What follows what."""


@app.command("graph")
def graph(
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As a mermaid flowchart.")] = False,
) -> None:
    """Print every consequence, one per line."""
    print(pictures.mermaid() if mermaid else pictures.text())
