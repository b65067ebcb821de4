"""Every invariant of the chaos run is silent about a good run and speaks up about a planted offence."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from db.chaos import Held
from db.chaos_books import Deed, Fire, Left, Letter, Line
from db.invariants import Violation
from scripts.chaos.books import Books, Facts
from scripts.chaos.crew import Death, Outage
from scripts.chaos.faults import Paused
from scripts.chaos.producer import Entry
from scripts.chaos.provider import Call
from scripts.chaos.report import INVARIANTS, judge
from scripts.chaos.sampler import Seen

T = datetime(2026, 3, 2, 12, tzinfo=UTC)
TENANT = uuid4()


def line(job_id: int, actor: str, outcome: str = "done", attempt: int = 1, waited: float = 0.1,
         started: datetime = T) -> Line:  # fmt: skip
    return Line(job_id, TENANT, actor, outcome, attempt, waited, started)


def good() -> Books:
    """A run of a few jobs in which everything is as it must be."""
    made = {
        "chaos.pure": [1], "chaos.send": [2], "chaos.step": [3], "chaos.regret": [7],
        "chaos.withdrawn": [8], "chaos.once": [9], "chaos.poisoned": [10],
    }  # fmt: skip
    steps = [Deed(3 + n, "chaos.step", 30 + n, 4 + n if n < 3 else None) for n in range(4)]
    return Books(
        facts=Facts(seed=1, lease=3, threads=4, workers=2, faults=True, before_replay=6,
                    replayed=(1, 0), deaths=[Death(10, 77, {2: Held(2, 5, "chaos.send", T)}, 2.0, 3.0)], flushed={2}, flushes=1,
                    paused=[Paused(uuid4(), T, T + timedelta(seconds=9))]),
        seen=Seen(samples=9, jobs=8, capped=3, per_key=1, overdue=0.5),
        entries=[Entry(0, "noisy", made, {"chaos.once": ["o1", "o1"]}, at=1.0),
                 Entry(1, "noisy", withdrawn=[8], stopped=[], at=2.0)],
        calls=[*(Call(1.0 + n, f"chain:30:{n + 1}", 30 + n, 3 + n, 1) for n in range(4)),
               Call(2.0, "send:2", 2, 2, 1), Call(2.5, "regret:7", 7, 7, 1),
               *(Call(3.0 + n / 10, "paced", n, 100 + n, 1) for n in range(30))],
        lines=[line(1, "chaos.pure"), line(2, "chaos.send"),
               *(line(3 + n, "chaos.step") for n in range(4)),
               line(7, "chaos.regret", "dead"), line(8, "chaos.withdrawn", "cancelled"),
               line(9, "chaos.once"), line(10, "chaos.poisoned", "dead"), line(11, "chaos.regret"),
               line(12, "chaos.tick"), line(13, "chaos.tick")],
        left=[],
        deeds=[*steps, Deed(2, "chaos.send", 2, None), Deed(9, "chaos.once", 9, None),
               Deed(11, "chaos.regret", 7, None)],
        letters=[Letter(1, 7, "chaos.regret", 1, 8, "Permanent", 11),
                 Letter(2, 10, "chaos.poisoned", 1, 8, "Poison", None)],
        fires=[Fire(T, 0, 12), Fire(T + timedelta(seconds=4), 1, 13)],
        violations=[],
        events=Counter(),
    )  # fmt: skip


Plant = Callable[[Books], object]


def stop(books: Books) -> None:
    books.entries.append(Entry(3, "noisy", stopped=[30], at=1.5))


def peace(books: Books) -> None:
    books.facts.faults = False
    books.lines[0] = line(1, "chaos.pure", waited=5)
    books.entries[0] = replace(books.entries[0], tenant="small-1")


def swap(books: Books) -> None:
    books.calls[0], books.calls[1] = (replace(books.calls[0], at=9.0), books.calls[1])


PLANTED: list[tuple[str, str, Plant]] = [
    ("I1", "job 1 (chaos.pure) was enqueued and is nowhere", lambda b: b.lines.pop(0)),
    ("I1", "job 1 (chaos.pure) is still ready", lambda b: (b.lines.pop(0), b.left.append(Left(1, "chaos.pure", "ready", 0, 8, None)))),
    ("I1", "nobody enqueued it", lambda b: b.lines.append(line(99, "chaos.pure"))),
    ("I1", "ended ['dead'] instead of done", lambda b: b.lines.__setitem__(0, line(1, "chaos.pure", "dead"))),
    ("I2", "send:2 was accepted 2 times", lambda b: b.calls.append(Call(9.0, "send:2", 2, 2, 1))),
    ("I2", "send:2 was never accepted", lambda b: b.calls.__setitem__(4, Call(2.0, "other:2", 2, 2, 1))),
    ("I3", "job 1 ended 2 times", lambda b: b.lines.append(line(1, "chaos.pure"))),
    ("I3", "job 2 did its work 2 times", lambda b: b.deeds.append(Deed(2, "chaos.send", 2, None))),
    ("I3", "is done and did nothing", lambda b: b.deeds.pop(4)),
    ("I3", "did its work and ended ['dead']", lambda b: b.deeds.append(Deed(7, "chaos.regret", 7, None))),
    ("I4", "had 9 attempts", lambda b: b.lines.__setitem__(0, line(1, "chaos.pure", attempt=9))),
    ("I4", "left no dead letter", lambda b: b.letters.pop()),
    ("I5", "was taken from it after 9.5 s", lambda b: setattr(b.facts.deaths[0], "freed", 9.5)),
    ("I5", "was never taken from it", lambda b: setattr(b.facts.deaths[0], "freed", None)),
    ("I6", "0 are counted as missed", lambda b: b.fires.__setitem__(1, Fire(T + timedelta(seconds=4), 0, 13))),
    ("I6", "no moment of its line", lambda b: b.fires.append(Fire(T + timedelta(seconds=5), 0, 13))),
    ("I6", "did not end well", lambda b: b.fires.append(Fire(T + timedelta(seconds=6), 0, 98))),
    ("I7", "had 4 in flight", lambda b: setattr(b.seen, "capped", 4)),
    ("I8", "are allowed", lambda b: b.calls.extend(Call(4.0, "paced", 1, 1, 1) for _ in range(60))),
    ("I9", "small tenants waited 5.00 s", peace),
    ("I10", "was called before step 1", swap),
    ("I10", "made 3 calls after that", stop),
    ("I10", "lacks steps [4]", lambda b: b.deeds.pop(3)),
    ("I11", "2 live jobs had one key", lambda b: setattr(b.seen, "per_key", 2)),
    ("I11", "1 keys that are for ever made 2 jobs", lambda b: b.entries[0].made["chaos.once"].append(1)),
    ("I12", "regret:7 was accepted again by a replay", lambda b: b.calls.append(Call(9, "regret:7", 7, 11, 1))),
    ("I12", "replayed a second time", lambda b: setattr(b.facts, "replayed", (1, 1))),
    ("I12", "no dead letter was replayed", lambda b: setattr(b.facts, "replayed", ())),
    ("I13", "past its lease", lambda b: setattr(b.seen, "overdue", 7.0)),
    ("I14", "bytes", lambda b: setattr(b.facts, "bytes", 2**30)),
    ("I14", "could not be removed", lambda b: setattr(b.facts, "held_rows", 5)),
    ("I15", "lost its ticket in a FLUSHALL and never ended", lambda b: b.lines.pop(1)),
    ("I16", "started while its tenant was paused", lambda b: (setattr(b.facts.paused[0], "tenant_id", TENANT), b.lines.append(line(1, "chaos.pure", started=T + timedelta(seconds=5))))),
    ("I16", "was withdrawn and did its work", lambda b: b.deeds.append(Deed(8, "chaos.withdrawn", 8, None))),
    ("doubts", "17 doubts after 4 kills", lambda b: (setattr(b.facts, "kills", 4), setattr(b.facts, "doubts", 17))),
    ("drained", "job 1 is ready", lambda b: b.facts.stuck.append("job 1 is ready")),
    ("doctor", "jobs.lost: job 1 is nowhere", lambda b: b.violations.append(Violation("jobs.lost", "job 1", "is nowhere"))),
    ("crashes", "dispatcher.failed was logged 1 times", lambda b: b.events.update(["dispatcher.failed"])),
]  # fmt: skip


def test_a_good_run_offends_nothing() -> None:
    assert [(one.name, one.examples) for one in judge(good()) if one.offences] == []


def test_every_invariant_has_a_planted_offence() -> None:
    assert {name for name, _, _ in PLANTED} == set(INVARIANTS)


@pytest.mark.parametrize(("name", "sentence", "plant"), PLANTED)
def test_a_planted_offence_is_named(name: str, sentence: str, plant: Plant) -> None:
    books = good()
    plant(books)
    found = {one.name: "; ".join(one.examples) for one in judge(books) if one.offences}
    assert sentence in found.get(name, "")


@pytest.mark.parametrize(("what", "bound"), [("Postgres", 20.0), ("workers", 12.0), ("Redis", 9.0)])
def test_recovery_may_take_longer_only_by_what_nobody_could_have_done(
    what: str, bound: float
) -> None:
    books = good()
    books.facts.outages.append(Outage(what, 11.0, 14.0))
    for freed, offended in ((bound - 0.1, False), (bound + 0.1, True)):
        books.facts.deaths[0].freed = freed
        assert bool(list(INVARIANTS["I5"](books))) is offended
