"""The demo's verdict: what the fleet says beside what everybody else wrote down."""

from db import dead, invariants
from scripts.demo.check import Check
from scripts.demo.checks_crm import check_crm
from scripts.demo.checks_leads import check_leads, reachable
from scripts.demo.checks_mails import check_mails
from scripts.demo.stage import SENDING_THREADS, Stage


def judge(stage: Stage) -> list[Check]:
    """Every check, in the order a reader asks for them."""
    may_be_written_to = reachable(stage)
    return [
        *check_leads(stage),
        *check_mails(stage, may_be_written_to),
        *check_crm(stage, may_be_written_to),
        *_check_faults(stage),
    ]


def _check_faults(stage: Stage) -> list[Check]:
    with stage.database.tenant(stage.tenant_id) as tx:
        letters = dead.count_open(tx)
    with stage.database.hat("operator") as tx:
        broken = invariants.check(tx, lease=stage.settings.lease)
    killed = int(stage.accident.recovered is not None)
    return [
        Check("senders killed and replaced", killed, 1, "the process table"),
        Check("mails in doubt", len(stage.operator.settled), killed * SENDING_THREADS,
              "kills by sending threads", at_most=True),
        Check("dead letters", letters, 0, "nothing was poisonous"),
        Check("invariants violated", len(broken), 0, "outrider doctor"),
    ]  # fmt: skip
