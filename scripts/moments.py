"""Moments and rates as people type them: a date and time, how long ago, how often. Refuses the rest."""

import re
from datetime import UTC, datetime, timedelta

from schemas.errors import Permanent

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def read_moment(text: str, option: str) -> datetime | timedelta:
    """When "2026-11-23T10:00+01:00" is (UTC without an offset), or how long ago "90s" to "3w" are.

    Raises Permanent, naming `option`.
    """
    ago = re.fullmatch(r"(\d{1,5})([smhdw])", text, re.ASCII)
    if ago:
        return timedelta(seconds=int(ago[1]) * _UNITS[ago[2]])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise Permanent(
        f"{option}: {text!r} is no moment; write 2026-11-23T10:00, or 2h for the last two hours."
    )


def read_rate(text: str) -> timedelta:
    """The time between two starts of "30/m", "5/s" or "1/90s". Raises Permanent."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)/(\d*)([smhd])", text)
    if match is None or float(match[1]) == 0 or match[2].strip("0") == "" != match[2]:
        raise Permanent(f"--rate: {text!r} is not like 30/m, 5/s or 1/90s.")
    return timedelta(seconds=int(match[2] or 1) * _UNITS[match[3]] / float(match[1]))
