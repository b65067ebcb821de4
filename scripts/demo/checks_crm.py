"""The verdict on the CRM: who is in it, once, and as what; by the CRM's own archive alone."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from scripts.demo.check import Check
from scripts.demo.checks_mails import becomes
from scripts.demo.stage import Stage

_ARCHIVE = "the CRM's archive"


@dataclass(frozen=True, slots=True)
class Written:
    """A contact that the CRM wrote, and whether the caller ever heard of it."""

    email: str
    remote_id: str
    status: str | None
    was_new: bool
    answered: bool


def written(archive: Path) -> list[Written]:
    """Every write of the CRM, in its order."""
    lines = [json.loads(line) for line in archive.read_text(encoding="utf-8").splitlines()]
    return [
        Written(line["email"], line["id"], line["properties"].get("outrider_status"),
                line["was_new"], line["answered"])
        for line in lines
    ]  # fmt: skip


def check_crm(stage: Stage, reachable: Collection[str]) -> list[Check]:
    """Whoever a campaign wrote to, or tried to, is a contact: one, and with their last state."""
    writes = written(stage.folder / "crm.log")
    last = {one.email: one.status for one in writes}
    ids = {one.remote_id for one in writes}
    right = sum(last.get(address) == becomes(address, stage.seed) for address in reachable)
    return [
        Check("people in the CRM", len(last), len(reachable), "computed from the CSV"),
        Check("CRM contacts made", sum(one.was_new for one in writes), len(last), _ARCHIVE),
        Check("CRM contacts with two addresses", len(last) - len(ids), 0, _ARCHIVE),
        Check(
            "CRM contacts in their last state", right, len(reachable), "the prospects' own minds"
        ),
    ]
