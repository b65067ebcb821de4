"""Tables `ai_costs`, `ai_limits` and `model_prices`: what models cost, may cost, and cost each."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from db.pool import Tx
from schemas.model_prices import PRICES, Price


@dataclass(frozen=True, slots=True)
class Cost:
    """A tenant's UTC day with one model; `unknown`: calls whose cost nobody knows."""

    day: date
    provider: str
    model: str
    calls: int
    unknown: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_cents: Decimal


@dataclass(frozen=True, slots=True)
class Spent:
    """What a tenant's models cost today, and may cost by a word of its own; None: as the house says."""

    cents: Decimal
    limit: Decimal | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A price as somebody set it; `whose` is the tenant or the house."""

    model: str
    whose: str
    input_cents: Decimal
    cached_cents: Decimal
    output_cents: Decimal


def list_days(tx: Tx, tenant_id: UUID, *, since: date, until: date) -> list[Cost]:
    """The costs of the UTC days from `since` up to and with `until`, by day and model.

    Needs the operator's hat, or a tenant's.
    """
    return tx.list(
        Cost,
        """
        SELECT day, provider, model, calls, unknown, input_tokens, cached_tokens, output_tokens, cost_cents
          FROM outrider.ai_costs
         WHERE tenant_id = %(tenant)s AND day BETWEEN %(since)s AND %(until)s
         ORDER BY day, provider, model
        """,
        {"tenant": tenant_id, "since": since, "until": until},
    )


def today(tx: Tx, tenant_id: UUID) -> Spent:
    """What a tenant's models cost on this UTC day, and its limit."""
    return tx.one(
        Spent,
        """
        SELECT coalesce((SELECT sum(cost_cents) FROM outrider.ai_costs
                          WHERE tenant_id = %(tenant)s AND day = (outrider.now() AT TIME ZONE 'UTC')::date), 0) AS cents,
               (SELECT daily_cents FROM outrider.ai_limits WHERE tenant_id = %(tenant)s) AS limit
        """,
        {"tenant": tenant_id},
    )


def set_limit(tx: Tx, tenant_id: UUID, cents: Decimal | None) -> None:
    """What a tenant's models may cost per UTC day; None: as the house says. Needs the operator's hat."""
    if cents is None:
        tx.run("DELETE FROM outrider.ai_limits WHERE tenant_id = %(tenant)s", {"tenant": tenant_id})
        return
    tx.run(
        """
        INSERT INTO outrider.ai_limits (tenant_id, daily_cents) VALUES (%(tenant)s, %(cents)s)
            ON CONFLICT (tenant_id) DO UPDATE SET daily_cents = excluded.daily_cents
        """,
        {"tenant": tenant_id, "cents": cents},
    )


def find_price(tx: Tx, model: str) -> Price | None:
    """The price of a model: the tenant's, else the house's, else the list's; None: nobody knows."""
    found = tx.find(
        Listed,
        """
        SELECT model, 'x' AS whose, input_cents, cached_cents, output_cents FROM outrider.model_prices
         WHERE model = %(model)s AND (tenant_id IS NULL OR tenant_id = outrider.current_tenant_id())
         ORDER BY tenant_id NULLS LAST LIMIT 1
        """,
        {"model": model},
    )
    if found is None:
        return PRICES.get(model)
    return Price(input=found.input_cents, cached=found.cached_cents, output=found.output_cents)


def list_prices(tx: Tx) -> list[Listed]:
    """Every price that somebody set, by model. Needs the operator's hat."""
    return tx.list(
        Listed,
        """
        SELECT p.model, coalesce(t.slug, 'house') AS whose, p.input_cents, p.cached_cents, p.output_cents
          FROM outrider.model_prices p LEFT JOIN outrider.tenants t ON t.id = p.tenant_id
         ORDER BY p.model, t.slug NULLS FIRST
        """,
    )


def set_price(tx: Tx, model: str, price: Price, *, tenant_id: UUID | None) -> None:
    """What a model costs from now on, for a tenant or for the house. Needs the operator's hat."""
    tx.run(
        """
        INSERT INTO outrider.model_prices (tenant_id, model, input_cents, cached_cents, output_cents)
        VALUES (%(tenant)s, %(model)s, %(input)s, %(cached)s, %(output)s)
            ON CONFLICT (tenant_id, model) DO UPDATE
           SET input_cents = excluded.input_cents, cached_cents = excluded.cached_cents,
               output_cents = excluded.output_cents
        """,
        {"tenant": tenant_id, "model": model, "input": price.input, "cached": price.cached,
         "output": price.output},
    )  # fmt: skip


def remove_price(tx: Tx, model: str, *, tenant_id: UUID | None) -> bool:
    """Take a price back; False when nobody set it. Needs the operator's hat."""
    return bool(
        tx.run(
            """
            DELETE FROM outrider.model_prices
             WHERE model = %(model)s AND tenant_id IS NOT DISTINCT FROM %(tenant)s::uuid
            """,
            {"model": model, "tenant": tenant_id},
        )
    )
