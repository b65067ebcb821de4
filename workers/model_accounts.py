"""Which model a tenant's questions go to: its own connection, else the one that the settings name.

A connection of the tenant's own that does not work is waited for: its words go to nobody else's model.
"""

import contextlib
from collections.abc import Generator
from dataclasses import dataclass, replace

from db import Tx, integrations
from providers.ports import ModelAccount
from schemas.enums import IntegrationStatus
from schemas.errors import Permanent
from workers import connected
from workers.context import Context

PROVIDER = "openai"
_GIVEN_UP = {IntegrationStatus.DISCONNECTED, IntegrationStatus.DISABLED}


@dataclass(frozen=True, slots=True)
class Choice:
    """A model; `own`: by the tenant's connection, whose key is fetched when it is used."""

    account: ModelAccount
    own: bool


def find(ctx: Context, tx: Tx) -> Choice | None:
    """The model that `tx`'s tenant asks, None when it has none; `account.model` may be empty."""
    house, found = ctx.providers.house_model, integrations.find(tx, PROVIDER)
    if found and found.status not in _GIVEN_UP:
        name = found.metadata.get("model")
        model = name if isinstance(name, str) else ""
        return Choice(ModelAccount(found.base_url, model, None), own=True)
    return Choice(house, own=False) if house else None


@contextlib.contextmanager
def opened(ctx: Context, choice: Choice) -> Generator[ModelAccount]:
    """The model with its key, for the calls of the block.

    Raises Unconnected when the tenant's connection does not work, or the block finds that out, and
    Permanent when it names no model.
    """
    if not choice.account.model:
        raise Permanent(
            f"model: the connection to {PROVIDER} names none; "
            f"`outrider integrations connect {PROVIDER} --set model=NAME`."
        )
    if not choice.own:
        yield choice.account
        return
    with connected.using(ctx, PROVIDER) as (found, vendor):
        yield replace(choice.account, base_url=found.base_url, secret=vendor.secret)
