"""The commands that pages show, held against the command line without running any."""

import re
import shlex
from collections.abc import Iterator

import typer
from typer.core import TyperGroup

from scripts.cli import app

CHECKOUT = {"check", "test"}
"""What `./outrider` does by itself, in a checkout alone."""


def in_blocks(text: str) -> Iterator[str]:
    """Every `outrider …` or `./outrider …` that begins a line of a page's code blocks, continued lines joined."""
    fenced = False
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif found := re.match(r"(?:\$ )?(?:\./)?(outrider .+)" if fenced else r"    (outrider .+)", line):  # fmt: skip
            yield found[1]


def problem(command: str, *, whole: bool = True) -> str | None:
    """What the command line would refuse about a command, `…` standing for any word.

    One that is not `whole` only names its command, and may lack what that asks for.
    """
    words, group = shlex.split(command.replace("…", "x"), comments=True)[1:], typer.main.get_command(app)  # fmt: skip
    if whole and words and words[0] in CHECKOUT:
        return None
    while isinstance(group, TyperGroup):
        if not words or words[0] not in group.commands:
            return f"{group.name or 'outrider'} has no command {words[0] if words else ''!r}"
        group, words = group.commands[words[0]], words[1:]
    known = {name: p for p in group.params for name in (*p.opts, *p.secondary_opts)}
    strange = [one for one in words if one.startswith("-") and one.partition("=")[0] not in known]
    if strange:
        return f"{group.name} has no option {strange[0]}"
    given, left, _ = group.make_parser(group.context_class(group)).parse_args(list(words))
    lacking = [p.name for p in group.params if p.required and given.get(str(p.name)) is None]
    if left:
        return f"{group.name} has no room for {left[0]!r}"
    return f"{group.name} asks for {lacking[0]}" if whole and lacking else None
