"""What `outrider campaign` prints."""

from collections.abc import Sequence
from dataclasses import asdict

from db import Tx, campaign_reports
from db.campaigns import Campaign
from scripts.output import out, print_json, show
from workers.previews import Preview

_HELD = 50


def show_status(tx: Tx, campaign: Campaign, *, as_json: bool) -> None:
    """How a campaign stands, as tables or as one document."""
    counts = campaign_reports.count_enrollments(tx, campaign.id)
    steps = campaign_reports.count_steps(tx, campaign.id)
    held = campaign_reports.list_held(tx, campaign.id, limit=_HELD)
    due = campaign_reports.next_due(tx, campaign.id)
    over = campaign_reports.list_over_plan(tx, campaign.id)
    if as_json:
        print_json(
            {
                "name": campaign.name,
                "status": campaign.status,
                "paused_reason": campaign.paused_reason,
                "next_due": due,
                "enrollments": [asdict(count) for count in counts],
                "steps": [asdict(step) for step in steps],
                "held": [asdict(one) for one in held],
                "waits_for_plan": [asdict(one) for one in over],
            }
        )
        return
    why = f" ({campaign.paused_reason})" if campaign.paused_reason else ""
    out.print(f"{campaign.name}: {campaign.status}{why}", highlight=False)
    out.print(f"next mail: {due.isoformat(timespec='minutes') if due else 'none planned'}",
              highlight=False)  # fmt: skip
    for one in over:
        out.print(f"{one.steps} mails wait. {one.because}", highlight=False, markup=False)
    show(counts, as_json=False, empty="Nobody is enrolled.")
    show(steps, as_json=False, empty="No step is planned.")
    if held:
        out.print("Waiting for a person:")
        show(held, as_json=False, empty="")


def show_preview(mails: Sequence[Preview], *, as_json: bool) -> None:
    """The mails of one lead, one below the other."""
    if as_json:
        print_json([asdict(mail) for mail in mails])
        return
    for mail in mails:
        when = mail.due_at.isoformat(timespec="minutes") if mail.due_at else "-"
        out.print(f"step {mail.step_number}  {when}  {mail.because}", style="bold", highlight=False,
                  markup=False)  # fmt: skip
        for line in (f"From: {mail.sender}", f"To: {mail.recipient}", f"Subject: {mail.subject}",
                     "", mail.body):  # fmt: skip
            out.print(line, highlight=False, markup=False, soft_wrap=True)
