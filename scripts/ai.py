"""`outrider ai`: whether the model answers, what it was asked, what it cost, and what it may cost."""

from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from pydantic import ValidationError

from db import Tx, ai_costs, ai_runs, audit, clock, tenants
from db.ai_costs import Listed
from providers.registry import from_settings
from schemas.errors import NoSuchRow, Permanent
from schemas.model_prices import PRICES, Price
from scripts.options import Json, Limit, Reason, Tenant
from scripts.output import out, print_json, records, show, show_one
from scripts.session import open_database, whoami

app = typer.Typer(no_args_is_help=True)
prices = typer.Typer(no_args_is_help=True)
app.add_typer(prices, name="price", help="Cents per million tokens.")

Whose = Annotated[str | None, typer.Option("--tenant", help="Only for this tenant (its slug); none: the house's.")]  # fmt: skip
Model = Annotated[str, typer.Argument(help="The model, by its server's name.")]
_RUNS = ("created_at", "actor", "subject_id", "prompt", "model", "status", "input_tokens", "output_tokens", "cost_cents", "error")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Summary:
    """What a tenant's models cost in a span of UTC days; `unknown`: calls whose cost nobody knows."""

    since: date
    until: date
    calls: int
    unknown: int
    cost_cents: Decimal
    daily_limit_cents: Decimal


@app.command("cost")
def cost(
    tenant: Tenant,
    day: Annotated[str | None, typer.Option(help="One UTC day, YYYY-MM-DD.")] = None,
    month: Annotated[str | None, typer.Option(help="YYYY-MM; none: the current one.")] = None,
    as_json: Json = False,
) -> None:
    """Show what a tenant's models cost, day by day (UTC); the sum of its run logs to 0.0001 cent."""
    if day and month:
        raise Permanent("--day, --month: give one of them.")
    with open_database() as (database, settings), database.hat("operator") as tx:
        tenant_id = tenants.get_by_slug(tx, tenant).id
        since, until = _span(tx, day, month)
        days = ai_costs.list_days(tx, tenant_id, since=since, until=until)
        own = ai_costs.today(tx, tenant_id).limit
    limit = Decimal(settings.model_daily_cents) if own is None else own
    total = sum((row.cost_cents for row in days), Decimal(0))
    summary = Summary(since, until, sum(row.calls for row in days),
                      sum(row.unknown for row in days), total, limit)  # fmt: skip
    if as_json:
        print_json({**records([summary])[0], "days": records(days)})
        return
    show(days, as_json=False, empty="No model was asked.")
    out.print(f"{total} cents in all, for {summary.calls} calls; the limit is {limit} cents a day.", highlight=False)  # fmt: skip
    if summary.unknown:
        out.print(f"{summary.unknown} calls cost nobody knows what: no price, no count, or a lost answer (`outrider ai runs`).", highlight=False)  # fmt: skip


@app.command("runs")
def runs(tenant: Tenant, limit: Limit = 50, as_json: Json = False) -> None:
    """Show each call, newest first: who asked, by which prompt version, how it ended, what it cost."""
    with open_database() as (database, _), database.hat("operator") as tx:
        lines = ai_runs.list_recent(tx, tenants.get_by_slug(tx, tenant).id, limit=limit)
    show(lines, as_json=as_json, columns=_RUNS, empty="No model was asked.")


@app.command("limit")
def limit_cost(
    tenant: Tenant,
    cents: Annotated[str, typer.Argument(help="Cents per UTC day; 0: ask no model; `house`: as the setting says.")],
    reason: Reason,
) -> None:  # fmt: skip
    """Say what a tenant's models may cost a day; at the limit its questions wait."""
    wanted = None if cents == "house" else _cents("cents", cents)
    if wanted is not None and wanted >= 10**8:
        raise Permanent(f"cents: {cents} is no limit; at most 99999999.")
    with open_database() as (database, _), database.hat("operator") as tx:
        tenant_id = tenants.get_by_slug(tx, tenant).id
        ai_costs.set_limit(tx, tenant_id, wanted)
        audit.record(tx, tenant_id=tenant_id, operator=whoami(), action="ai.limit", resource_type="tenant",
                     resource_id=str(tenant_id), reason=reason, details={"daily_cents": cents})  # fmt: skip
    out.print(f"{tenant}'s models may cost {cents} cents a day." if wanted is not None else f"{tenant} has the house's limit.")  # fmt: skip


@app.command("test")
def probe(as_json: Json = False) -> None:
    """Ask the settings' model server whether it takes our key and has the model; costs nothing."""
    with open_database() as (_, settings), closing(from_settings(settings)) as providers:
        account = providers.house_model
        if account is None:
            raise Permanent(
                "OUTRIDER_MODEL_URL: it names no model; set it and OUTRIDER_MODEL_NAME."
            )
        models = providers.model.list_models(account)
    works = account.model in models
    if as_json:
        print_json({"model": account.model, "works": works, "models": sorted(models)})
    elif works:
        out.print(f"The server takes our key and has {account.model}.", highlight=False)
        if account.model not in PRICES:
            out.print("No list has its price: `outrider ai price set` says what it costs.")
    else:
        some = ", ".join(sorted(models)[:20]) or "none"
        out.print(f"OUTRIDER_MODEL_NAME: the server has no {account.model}; it has {some}.", highlight=False)  # fmt: skip
    if not works:
        raise typer.Exit(1)


@prices.command("list")
def list_prices(as_json: Json = False) -> None:
    """Show the prices that count: a tenant's before the house's, the house's before the list."""
    with open_database() as (database, _), database.hat("operator") as tx:
        given = ai_costs.list_prices(tx)
    listed = [Listed(name, "list", p.input, p.cached, p.output) for name, p in PRICES.items()]
    show([*listed, *given], as_json=as_json, empty="No prices.")


@prices.command("set")
def set_price(
    model: Model,
    read: Annotated[str, typer.Option("--input", help="Cents per million tokens read.")],
    written: Annotated[str, typer.Option("--output", help="Cents per million tokens written.")],
    reason: Reason,
    cached: Annotated[str | None, typer.Option(help="… read from the server's cache; none: as --input.")] = None,
    tenant: Whose = None,
) -> None:  # fmt: skip
    """Say what a model costs from now on."""
    price = _price(read, read if cached is None else cached, written)
    with open_database() as (database, _), database.hat("operator") as tx:
        tenant_id = tenants.get_by_slug(tx, tenant).id if tenant else None
        ai_costs.set_price(tx, model, price, tenant_id=tenant_id)
        audit.record(tx, tenant_id=tenant_id, operator=whoami(), action="ai.price", resource_type="model",
                     resource_id=model, reason=reason, details=price.to_json())  # fmt: skip
    show_one(
        Listed(model, tenant or "house", price.input, price.cached, price.output), as_json=False
    )


@prices.command("remove")
def remove_price(model: Model, reason: Reason, tenant: Whose = None) -> None:
    """Take a price back; the house's counts then, or the list's."""
    with open_database() as (database, _), database.hat("operator") as tx:
        tenant_id = tenants.get_by_slug(tx, tenant).id if tenant else None
        if not ai_costs.remove_price(tx, model, tenant_id=tenant_id):
            raise NoSuchRow("price of", model)
        audit.record(tx, tenant_id=tenant_id, operator=whoami(), action="ai.price", resource_type="model",
                     resource_id=model, reason=reason, details={})  # fmt: skip
    out.print(f"{model} has no price of {tenant or 'the house'} any more.", highlight=False)


def _span(tx: Tx, day: str | None, month: str | None) -> tuple[date, date]:
    if day:
        one = _date("day", day, day)
        return one, one
    first = _date("month", month, f"{month}-01") if month else clock.read(tx).date().replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _date(field: str, given: str | None, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Permanent(f"{field}: {given!r} is none; write 2026-11-30, or 2026-11 for a month.") from None  # fmt: skip


def _price(read: str, cached: str, written: str) -> Price:
    given = {"input": _cents("input", read), "cached": _cents("cached", cached), "output": _cents("output", written)}  # fmt: skip
    try:
        return Price.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise Permanent(f"{first['loc'][0]}: {first['msg']}.") from None


def _cents(field: str, text: str) -> Decimal:
    try:
        cents = Decimal(text)
    except InvalidOperation:
        cents = Decimal("NaN")
    if not cents.is_finite() or cents < 0:
        raise Permanent(f"{field}: {text!r} is no number of cents, e.g. 15 or 7.5.")
    return cents
