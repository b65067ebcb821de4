"""`outrider prompts`: what a language model is asked, version by version."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from db import Tx, audit, prompts
from db.prompts import Version
from schemas.errors import Permanent
from schemas.prompts import Prompt, Text, check, known
from scripts.options import Json, Reason, Tenant
from scripts.output import out, print_json, show, show_one
from scripts.session import open_tenant, whoami

app = typer.Typer(no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="Which prompt, e.g. reply.suggest.")]
_REF = re.compile(r"(shipped:)?([1-9][0-9]{0,8})")
_COLUMNS = ("name", "active", "model", "temperature", "max_tokens", "variables", "change_note", "created_by", "created_at")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """A version without its texts."""

    name: str
    active: bool
    model: str | None
    temperature: float | None
    max_tokens: int
    variables: list[str]
    change_note: str
    created_by: str
    created_at: str


@app.command("list")
def list_prompts(tenant: Tenant, as_json: Json = False) -> None:
    """List every version that the tenant may use, and which of each prompt new runs begin with."""
    with open_tenant(tenant) as tx:
        rows = [_listed(version) for version in prompts.list_versions(tx)]
    show(rows, as_json=as_json, columns=_COLUMNS, empty="No prompts: run `outrider migrate`.")


@app.command("show")
def show_prompt(
    key: Key,
    tenant: Tenant,
    version: Annotated[
        str | None, typer.Option(help="2, or shipped:1; none: the one that new runs begin with.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a version's texts, and what they may name."""
    prompt = known(key)
    with open_tenant(tenant) as tx:
        found = _version(tx, prompt, version)
    if as_json:
        show_one(found, as_json=True)
        return
    settings = f"model {found.model or 'of the connection'}, temperature {_word(found.temperature)}, at most {found.max_tokens} tokens"  # fmt: skip
    out.print(f"{found.name} ({settings})", markup=False, highlight=False)
    for title, text in (("system", found.system_text), ("user", found.user_text)):
        out.print(f"\n--- {title}\n{text}", markup=False, highlight=False)
    out.print("\n--- variables")
    for name, meaning in prompt.variables.items():
        out.print(f"{name}: {meaning}", markup=False, highlight=False)


@app.command("add-version")
def add_version(
    key: Key,
    tenant: Tenant,
    note: Annotated[str, typer.Option("--note", help="What it changes; kept with the version.")],
    system: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Liquid; none: as now.")] = None,
    user: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Liquid; none: as now.")] = None,
    model: Annotated[str | None, typer.Option(help="Another model of the same server; `none`: the connection's.")] = None,
    temperature: Annotated[str | None, typer.Option(help="0 to 2; `none`: the server's default.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="What the model may write at most.")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Write a new version of the tenant's own, from the active one; nothing uses it before `activate`."""
    prompt = known(key)
    with open_tenant(tenant) as tx:
        now = prompts.get_active(tx, key).text
        text = Text(
            system=now.system if system is None else _read(system),
            user=now.user if user is None else _read(user),
            max_tokens=max_tokens or now.max_tokens,
            model=_unless_none(model, now.model),
            temperature=_number(temperature, now.temperature),
        )
        uses = check(prompt, text)
        number = prompts.add_version(tx, prompt, text, uses, note=note, by=whoami())
        _audit(tx, "prompt.add_version", f"{key}@{number}", note)
    if as_json:
        print_json({"key": key, "version": number, "variables": uses})
        return
    out.print(f"{key}@{number} is written; `outrider prompts activate {key} {number}` uses it.")


@app.command("activate")
def activate(
    key: Key,
    version: Annotated[str, typer.Argument(help="A number, or `shipped`.")],
    tenant: Tenant,
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Let new runs begin with this version; runs that began keep theirs."""
    prompt = known(key)
    with open_tenant(tenant) as tx:
        if version == "shipped":
            prompts.deactivate(tx, key)
        else:
            found = _version(tx, prompt, version)
            if found.shipped:
                raise Permanent("version: shipped versions go together; write `shipped`.")
            prompts.activate(tx, key, found.version)
        now = prompts.get_active(tx, key)
        _audit(tx, "prompt.activate", now.name, reason)
    if as_json:
        show_one(_listed(now), as_json=True)
        return
    out.print(f"New runs begin with {now.name}.", highlight=False)


@app.command("diff")
def diff(
    key: Key,
    before: Annotated[str, typer.Argument(help="2, or shipped:1.")],
    after: Annotated[str, typer.Argument(help="3, or shipped:1.")],
    tenant: Tenant,
    as_json: Json = False,
) -> None:
    """Show what differs between two versions, line by line."""
    prompt = known(key)
    with open_tenant(tenant) as tx:
        one, two = _version(tx, prompt, before), _version(tx, prompt, after)
    lines = list(difflib.unified_diff(_lines(one), _lines(two), one.name, two.name, lineterm=""))
    if as_json:
        print_json({"before": one.name, "after": two.name, "lines": lines})
        return
    out.print("\n".join(lines) or "They are the same.", markup=False, highlight=False)


def _version(tx: Tx, prompt: Prompt, ref: str | None) -> Version:
    if ref is None:
        return prompts.get_active(tx, prompt.key)
    parts = _REF.fullmatch(ref)
    if parts is None:
        raise Permanent(f"version: {ref!r} is none; write a number, or shipped:1.")
    return prompts.get_version(tx, prompt.key, int(parts[2]), shipped=bool(parts[1]))


def _listed(version: Version) -> Listed:
    return Listed(version.name, version.active, version.model, version.temperature,
                  version.max_tokens, list(version.variables), version.change_note,
                  version.created_by, version.created_at.isoformat(timespec="seconds"))  # fmt: skip


def _lines(version: Version) -> list[str]:
    settings = [f"model: {_word(version.model)}", f"temperature: {_word(version.temperature)}",
                f"max_tokens: {version.max_tokens}"]  # fmt: skip
    texts = [*version.system_text.splitlines(), "--- user", *version.user_text.splitlines()]
    return [*settings, "--- system", *texts]


def _word(value: object) -> str:
    return "default" if value is None else str(value)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\n")
    except UnicodeDecodeError:
        raise Permanent(f"{file.name}: it is not UTF-8 text.") from None


def _unless_none(given: str | None, now: str | None) -> str | None:
    return now if given is None else None if given == "none" else given


def _number(given: str | None, now: float | None) -> float | None:
    word = _unless_none(given, "" if now is None else str(now))
    try:
        return float(word) if word else None
    except ValueError:
        raise Permanent(f"temperature: {given!r} is no number; 0 to 2, or `none`.") from None


def _audit(tx: Tx, action: str, version: str, reason: str) -> None:
    audit.record(tx, operator=whoami(), action=action, resource_type="prompt", resource_id=version,
                 reason=reason)  # fmt: skip
