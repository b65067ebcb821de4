"""`outrider pipelines`: the picture of what follows what, drawn from the tables that run."""

from typing import Annotated

import typer

from pipelines import graph as pictures
from scripts.options import Json
from scripts.output import print_json

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What follows what."""


@app.command("graph")
def graph(
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As a mermaid flowchart.")] = False,
    as_json: Json = False,
) -> None:
    """Print every consequence, one per line."""
    if as_json:
        print_json(pictures.document())
        return
    print(pictures.mermaid() if mermaid else pictures.text())
