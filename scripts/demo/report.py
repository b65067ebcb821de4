"""What the demo tells at its end: the figures, and the facts of the picture."""

from collections import Counter
from datetime import date

from db import dead, outcomes
from providers.standins.prospects import Kind
from scripts.demo.checks_crm import written
from scripts.demo.checks_mails import count_intents
from scripts.demo.picture import Layer, Row, Timeline
from scripts.demo.prospects import Answered
from scripts.demo.stage import Stage

Figures = dict[str, float | int | str]

_STEPS = (("first mail", "a"), ("second mail", "b"), ("third mail", "c"))
_SAID: tuple[tuple[str, str, frozenset[Kind]], ...] = (
    ("interested, meeting, question", "good",
     frozenset({Kind.INTERESTED, Kind.MEETING, Kind.QUESTION, Kind.COLLEAGUE})),
    ("no, not now", "no", frozenset({Kind.NOT_INTERESTED, Kind.NOT_NOW})),
    ("unsubscribe, complaint", "stop",
     frozenset({Kind.UNSUBSCRIBE, Kind.ONE_CLICK, Kind.COMPLAINT})),
    ("away, ticket", "away", frozenset({Kind.ABSENT, Kind.TICKET})),
    ("bounce", "dead", frozenset({Kind.BOUNCE})),
)  # fmt: skip


def figures(stage: Stage) -> Figures:
    """The numbers, by their names."""
    done = sum(stage.count_done().values())
    with stage.database.tenant(stage.tenant_id) as tx:
        read, ended = outcomes.list_understood(tx), outcomes.list_ended(tx)
        letters = dead.count_open(tx)
    stops = Counter(one.stop_reason.value for one in ended if one.stop_reason)
    assert stage.posted
    pushed = written(stage.folder / "crm.log")
    return {
        "leads": stage.posted.accepted,
        "rows_refused": stage.posted.refused.total(),
        "sequences": len(ended),
        "mails": len(stage.crowd.arrived),
        "answers": len(stage.crowd.answered),
        **{f"replies_{intent}": number for intent, number in count_intents(read).items()},
        **{f"stopped_{reason}": number for reason, number in stops.most_common()},
        "crm_contacts": len({one.email for one in pushed}),
        "crm_upserts": len(pushed),
        "crm_answers_lost": sum(not one.answered for one in pushed),
        "doubts": len(stage.operator.settled),
        "dead_letters": letters,
        "workers_killed": int(stage.accident.recovered is not None),
        "times_valkey_was_emptied": int(stage.accident.recovered is not None),
        "seconds_to_recover": round(stage.accident.recovered or -1.0, 1),
        "business_days": (stage.ended.date() - stage.began.date()).days + 1,
        "clock_jumps": stage.jumps,
        "jobs": done,
        "seconds": round(stage.seconds, 1),
        "jobs_per_second": round(done / stage.seconds, 1),
    }


def timeline(stage: Stage, told: Figures) -> Timeline:
    """The facts of the picture; every bar is counted from the archive."""
    when = stage.accident.when
    faults = [(when.date(), "a sender is killed between the mail server's 250 and its own commit; Valkey is emptied")] if when else []  # fmt: skip
    return Timeline(
        title=f"{told['leads']:,} leads, from a CSV to the CRM",
        subtitle=f"{told['business_days']} days of business in {told['seconds']:.0f} seconds"
        f" · {len(stage.who.accounts)} mailboxes · 2 worker processes, 1 killed and replaced · seed {stage.seed}",
        first=stage.began.date(),
        last=stage.ended.date(),
        figures=_headline(told),
        rows=[_mails(stage), _answers(stage), _ends(stage)],
        faults=faults,
        footer="Mails by the mail server's archive, answers by the prospects, ends by the fleet. Weekends are shaded.",
    )


def _headline(told: Figures) -> list[tuple[str, str]]:
    named = (("mails", "mails sent"), ("answers", "answers"), ("crm_contacts", "CRM contacts"),
             ("doubts", "doubts, settled"),
             ("dead_letters", "dead letters"))  # fmt: skip
    return [
        ("leads", f"{told['leads']:,}"),
        *((words, f"{told[name]:,}") for name, words in named),
        ("to recover the dead", f"{told['seconds_to_recover']} s"),
    ]


def _mails(stage: Stage) -> Row:
    days = [Counter[date]() for _ in _STEPS]
    for one in stage.crowd.arrived:
        days[min(one.mail.step, len(_STEPS)) - 1][one.mail.sent_at.date()] += 1
    layers = [Layer(name, colour, seen) for (name, colour), seen in zip(_STEPS, days, strict=True)]
    return Row("Mails a day", layers)


def _answers(stage: Stage) -> Row:
    layers = [
        Layer(name, colour, _by_day(stage.crowd.answered, kinds)) for name, colour, kinds in _SAID
    ]
    return Row("Answers a day", layers)


def _by_day(given: list[Answered], kinds: frozenset[Kind]) -> Counter[date]:
    return Counter(one.answer.due.date() for one in given if one.answer.kind in kinds)


def _ends(stage: Stage) -> Row:
    with stage.database.tenant(stage.tenant_id) as tx:
        ended = [one for one in outcomes.list_ended(tx) if one.ended_at]
    stopped = Counter(one.ended_at.date() for one in ended if one.stop_reason and one.ended_at)
    return Row("Sequences a day", [Layer("stopped by an answer", "stop", stopped),
                                   Layer("resumed after an absence", "away", _resumed(stage))])  # fmt: skip


def _resumed(stage: Stage) -> Counter[date]:
    away = {one.to.recipient: one.after for one in stage.crowd.answered if one.answer.kind is Kind.ABSENT}  # fmt: skip
    first: dict[str, date] = {}
    for one in stage.crowd.arrived:
        if one.number > away.get(one.mail.recipient, one.number):
            first.setdefault(one.mail.recipient, one.mail.sent_at.date())
    return Counter(first.values())
