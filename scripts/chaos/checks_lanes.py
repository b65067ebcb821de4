"""The invariants of time: recovery, schedules, caps, rates, turns, pauses, and what the table weighs."""

from collections import defaultdict
from datetime import timedelta

from cronsim import CronSim

from scripts.chaos import work
from scripts.chaos.books import Books, Offences
from scripts.chaos.crew import Death

_SWEEP, _LATE = 1.0, 5.0
"""Seconds between sweeps; seconds by which a busy machine may be late."""
_GRACE = timedelta(seconds=2)
_SOME = 1.0


def recovery_is_bounded(books: Books) -> Offences:
    """I5: what a killed worker ran is taken from it within the lease and a sweep."""
    for death in books.facts.deaths:
        bound = books.facts.lease + _SWEEP + _LATE + blindness(books, death)
        if death.freed is None:
            yield f"what process {death.pid} ran was never taken from it"
        elif death.freed > bound:
            yield f"what process {death.pid} ran was taken from it after {death.freed:.1f} s (bound {bound:.1f} s)"


def blindness(books: Books, death: Death) -> float:
    """Seconds of a wait that are nobody's fault: no worker was up, or Postgres was away.

    After it was away a sweeper waits another lease before it calls anybody dead.
    """
    lease, until = books.facts.lease, death.at + (death.freed or 0)
    blind = 0.0
    for outage in books.facts.outages:
        ended = outage.ended or until
        after = lease + _LATE if outage.what == "Postgres" else 0.0
        if outage.what != "Redis" and outage.began < until and ended + after > death.at:
            blind += min(ended, until) - max(outage.began, death.at - after) + after
    return blind


def schedules_fire_once(books: Books) -> Offences:
    """I6: fires are the moments of the cron line, each once or counted as missed, and each did its job."""
    if not books.fires:
        yield "the schedule never fired"
        return
    moments = CronSim(work.TICKS, books.fires[0].fire_at - timedelta(microseconds=1))
    for nth, fire in enumerate(books.fires):
        skipped, moment = 0, next(moments)
        while moment < fire.fire_at:
            skipped, moment = skipped + 1, next(moments)
        if moment != fire.fire_at:
            yield f"the schedule fired at {fire.fire_at}, which is no moment of its line"
        if nth and skipped != fire.missed:
            yield f"{skipped} moments lie before {fire.fire_at}, {fire.missed} are counted as missed"
        if books.ends.get(fire.job_id) != ["done"] and fire.job_id not in books.pending:
            yield f"the fire of {fire.fire_at} made job {fire.job_id}, which did not end well"


def caps_hold(books: Books) -> Offences:
    """I7: at every sample no capped lane had more in flight than its cap."""
    if books.seen.capped > work.PLACES:
        yield f"a lane with {work.PLACES} places had {books.seen.capped} in flight"
    if not books.seen.samples:
        yield "nobody looked"


def rates_hold(books: Books) -> Offences:
    """I8: starts in a paced lane, by the provider's clock, are no more than its rate allows.

    Each tenant has a lane of its own. A ticket may be as old as its lease when it is started; a
    frozen thread as old as its freeze.
    """
    starts: dict[str, list[float]] = defaultdict(list)
    for call in books.calls:
        if call.key == "paced":
            starts[books.owners.get(call.job_id, "")].append(call.at)
    every, facts = work.PACE.total_seconds(), books.facts
    slack = work.BURST + facts.lease / every
    if facts.faults:
        slack += facts.workers * facts.threads
    for tenant, moments in starts.items():
        yield from too_fast(tenant, moments, every, slack)


def too_fast(tenant: str, starts: list[float], every: float, slack: float) -> Offences:
    """The first stretch of a lane with more starts than one `every` so many seconds and `slack`."""
    for first, began in enumerate(starts):
        for last in range(len(starts) - 1, first, -1):
            allowed = slack + (starts[last] - began) / every
            if last - first + 1 > allowed:
                yield f"{tenant}: {last - first + 1} starts within {starts[last] - began:.2f} s, {allowed:.0f} are allowed"
                return


def small_tenants_wait_little(books: Books) -> Offences:
    """I9: without faults, a small tenant's wait at the 95th percentile is half of the noisy one's, or a second."""
    owner = books.owners
    waits: dict[bool, list[float]] = {True: [], False: []}
    for line in books.lines:
        if line.actor in {work.Pure.name, work.Write.name} and line.job_id in owner:
            waits[owner[line.job_id] == "noisy"].append(line.waited)
    noisy, small = p95(waits[True]), p95(waits[False])
    if small > max(_SOME, noisy / 2):
        yield f"small tenants waited {small:.2f} s at p95, the noisy one {noisy:.2f} s"


def p95(values: list[float]) -> float:
    """The 95th percentile; 0 of nothing."""
    return sorted(values)[int(len(values) * 0.95)] if values else 0.0


def keys_are_single(books: Books) -> Offences:
    """I11: at most one live job per key, at every sample; one ever per key that is for ever."""
    if books.seen.per_key > 1:
        yield f"{books.seen.per_key} live jobs had one key"
    asked = {(e.tenant, key) for e in books.entries for key in e.keys.get(work.Once.name, [])}
    made = sum(len(e.made.get(work.Once.name, [])) for e in books.entries)
    if made != len(asked):
        yield f"{len(asked)} keys that are for ever made {made} jobs"


def tickets_do_not_linger(books: Books) -> Offences:
    """I13: no ticket is past its lease by more than a sweep, while the sweepers could reach Postgres."""
    away = [o.ended - o.began for o in books.facts.outages if o.ended and o.what != "Redis"]
    bound = _SWEEP + _LATE + max(away, default=0.0) + (_LATE if away else 0.0)
    if books.seen.overdue > bound:
        yield f"a ticket was {books.seen.overdue:.1f} s past its lease (bound {bound:.1f} s)"


def the_table_stays_small(books: Books) -> Offences:
    """I14: the hot table weighs what its fullest moment explains, and nothing holds its dead rows."""
    bound = 16 * 2**20 + 4096 * books.seen.jobs
    if books.facts.bytes > bound:
        yield f"the table takes {books.facts.bytes} bytes and at most {books.seen.jobs} jobs were in it"
    if books.facts.held_rows:
        yield f"{books.facts.held_rows} dead rows could not be removed after the run"


def pauses_and_withdrawals_hold(books: Books) -> Offences:
    """I16: nothing starts after a pause and a moment of grace, and nothing withdrawn does its work."""
    for paused in books.facts.paused:
        late = [
            line.job_id
            for line in books.lines
            if line.tenant_id == paused.tenant_id
            and line.started_at
            and paused.ended
            and paused.began + _GRACE < line.started_at < paused.ended
        ]
        for job_id in late[:3]:
            yield f"job {job_id} started while its tenant was paused"
    for entry in books.entries:
        for job_id in entry.withdrawn:
            if books.deeds_of[job_id]:
                yield f"job {job_id} was withdrawn and did its work all the same"


def doubts_are_few(books: Books) -> Offences:
    """Doubts: at most one per kill and thread, and none without faults."""
    facts = books.facts
    if facts.doubts > facts.kills * facts.threads:
        yield f"{facts.doubts} doubts after {facts.kills} kills of {facts.threads} threads each"


def nothing_is_stuck(books: Books) -> Offences:
    """The run came to its end: every job settled within the patience."""
    yield from books.facts.stuck


def the_doctor_finds_nothing(books: Books) -> Offences:
    """The engine's own invariants hold as well."""
    for one in books.violations:
        yield f"{one.invariant}: {one.subject} {one.problem}"


def nobody_broke_unforeseen(books: Books) -> Offences:
    """No thread of the runtime met an error that nobody foresaw."""
    for event in ("dispatcher.failed", "session.failed", "process.crashed", "thread.crashed"):
        if books.events[event]:
            yield f"{event} was logged {books.events[event]} times"
    if lines := books.events["(a line without form)"]:
        yield f"workers wrote {lines} lines that are no log"
