"""The sixteen invariants, each a function that yields a sentence per offence: nothing lost, nothing twice."""

from collections import Counter, defaultdict

from scripts.chaos import work
from scripts.chaos.books import Books, Offences

_ONCE = ("send:", "prove:", "regret:", "chain:")
"""Keys of calls that must not be repeated."""


def nothing_is_lost(books: Books) -> Offences:
    """I1: enqueued, by the producer's log, is done + dead + cancelled + pending."""
    known = {**books.made, **dict.fromkeys(books.children, work.Step.name)}
    known |= dict.fromkeys(books.replays, "replay")
    for job_id, kind in known.items():
        ends, waits = books.ends.get(job_id, []), job_id in books.pending
        if not ends and not waits:
            yield f"job {job_id} ({kind}) was enqueued and is nowhere"
        elif waits:
            left = books.pending[job_id]
            yield f"job {job_id} ({kind}) is still {left.state} ({left.error})"
    for job_id in sorted(books.ends.keys() - known.keys()):
        if not any(fire.job_id == job_id for fire in books.fires):
            yield f"job {job_id} ended {books.ends[job_id]} and nobody enqueued it"
    yield from _ended_otherwise(books)


def _ended_otherwise(books: Books) -> Offences:
    withdrawn = {job_id for entry in books.entries for job_id in entry.withdrawn}
    for job_id, kind in books.made.items():
        wanted = work.EVERY[kind].ends
        if kind == work.Withdrawn.name:
            wanted = "cancelled" if job_id in withdrawn else "done"
        ends = set(books.ends.get(job_id, []))
        if ends and ends != {wanted} and job_id not in books.worn_out:
            yield f"job {job_id} ({kind}) ended {sorted(ends)} instead of {wanted}"


def effects_happen_once(books: Books) -> Offences:
    """I2: the provider accepted each unrepeatable call at most once, and once for a job that is done."""
    for key, calls in books.calls_of.items():
        if calls > 1 and key.startswith(_ONCE):
            yield f"{key} was accepted {calls} times"
    number = {deed.job_id: deed for deed in books.deeds}
    prefix = {work.Send.name: "send", work.Prove.name: "prove", work.Again.name: "again"}
    for deed in number.values():
        name = prefix.get(deed.kind)
        if name and not books.calls_of[f"{name}:{deed.number}"]:
            yield f"job {deed.job_id} is done and {name}:{deed.number} was never accepted"
    if not books.facts.faults:
        return
    sends = sum(
        len(ids) for e in books.entries for k, ids in e.made.items() if k == work.Regret.name
    )
    made = sum(key.startswith("regret:") for key in books.calls_of)
    if made > sends:
        yield f"{made} calls of {sends} regretted jobs"


def completions_are_single(books: Books) -> Offences:
    """I3: one completion per job, and a stale token commits nothing."""
    for job_id, ends in books.ends.items():
        if len(ends) > 1:
            yield f"job {job_id} ended {len(ends)} times: {ends}"
        if job_id in books.pending:
            yield f"job {job_id} ended {ends} and is still {books.pending[job_id].state}"
    for job_id, deeds in books.deeds_of.items():
        if deeds > 1:
            yield f"job {job_id} did its work {deeds} times"
        if books.ends.get(job_id) not in (["done"], None):
            yield f"job {job_id} did its work and ended {books.ends[job_id]}"
    yield from _idle_ends(books)


def _idle_ends(books: Books) -> Offences:
    for line in books.lines:
        kind = work.EVERY.get(line.actor)
        if kind and kind.deeds and line.outcome == "done" and not books.deeds_of[line.job_id]:
            yield f"job {line.job_id} ({line.actor}) is done and did nothing"


def attempts_are_bounded(books: Books) -> Offences:
    """I4: no more attempts than allowed; what poisons or kills ends in the dead letters."""
    bound = {kind.job.name: kind.job.attempts for kind in work.EVERY.values()}
    for line in books.lines:
        if line.attempt > bound.get(line.actor, 100):
            yield f"job {line.job_id} ({line.actor}) had {line.attempt} attempts"
    dead = {one.job_id: one for one in books.letters}
    fatal = {work.Poisoned.name: "Poison", work.Killer.name: "WorkerLost"}
    for job_id, kind in books.made.items():
        if kind in fatal and job_id not in dead:
            yield f"job {job_id} ({kind}) left no dead letter"
        elif kind in fatal and dead[job_id].error_class not in {fatal[kind], "WorkerLost"}:
            yield f"job {job_id} ({kind}) died of {dead[job_id].error_class}"


def chains_keep_their_order(books: Books) -> Offences:
    """I10: step n+1 never before step n, every step of a chain that nobody stopped, none after a stop."""
    first: dict[int, dict[int, float]] = defaultdict(dict)
    for call in books.calls:
        if call.key.startswith("chain:"):
            _, chain, step = call.key.split(":")
            first[int(chain)].setdefault(int(step), call.at)
    for chain, steps in first.items():
        for step, at in steps.items():
            if step > 1 and steps.get(step - 1, at + 1) > at:
                yield f"step {step} of chain {chain} was called before step {step - 1}"
    stopped = {c: e.at for e in books.entries for c in e.stopped}
    for chain, at in stopped.items():
        late = [step for step, when in first[chain].items() if at is not None and when > at]
        if len(late) > 1:
            yield f"chain {chain} was stopped and made {len(late)} calls after that"
    yield from _broken_chains(books, set(stopped))


def _broken_chains(books: Books, stopped: set[int]) -> Offences:
    did = Counter(deed.number for deed in books.deeds if deed.kind == work.Step.name)
    ids = {i for e in books.entries for i in e.made.get(work.Step.name, [])}
    chains = {deed.number for deed in books.deeds if deed.job_id in ids}
    for chain in chains - stopped:
        missing = [n + 1 for n in range(4) if did[chain + n] != 1]
        if missing and not any(job in books.worn_out for job in books.children):
            yield f"chain {chain} was not stopped and lacks steps {missing}"


def replays_add_nothing(books: Books) -> Offences:
    """I12: replaying every dead letter, twice, adds no accepted call of those that must not be repeated."""
    before = {call.key for call in books.calls[: books.facts.before_replay]}
    for call in books.calls[books.facts.before_replay :]:
        if call.key in before and call.key.startswith(_ONCE):
            yield f"{call.key} was accepted again by a replay (job {call.job_id})"
    again = Counter(books.replays.values())
    for job_id, times in again.items():
        if times > 1:
            yield f"the dead letter of job {job_id} was replayed {times} times"
    rounds = books.facts.replayed
    if not rounds or not rounds[0]:
        yield "no dead letter was replayed"
    second = sum(
        one.job_id in books.replays and one.replay_job_id is not None for one in books.letters
    )
    if sum(rounds[1:]) > second:  # what died again after the first round has a letter of its own
        yield f"{sum(rounds[1:]) - second} dead letters were replayed a second time"


def flushes_change_nothing(books: Books) -> Offences:
    """I15: every job whose ticket a FLUSHALL took came to its end all the same."""
    for job_id in books.facts.flushed:
        if job_id in books.made and not books.ends.get(job_id):
            yield f"job {job_id} lost its ticket in a FLUSHALL and never ended"
