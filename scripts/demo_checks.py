"""The demo's verdict: what the fleet says beside what the other side wrote down."""

import json
from collections import Counter
from dataclasses import dataclass

from db import dead, effects, invariants, leads
from providers.standins.companies import company, expected_domain
from schemas.addresses import facts
from schemas.enrichments import DomainFacts, conclude, question
from schemas.enums import EffectState
from schemas.leads import LeadIn
from schemas.scores import features, score
from scripts.demo_stage import Stage


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be so, counted twice by people who do not know each other."""

    name: str
    found: int
    expected: int
    source: str

    @property
    def holds(self) -> bool:
        """Whether both counts agree."""
        return self.found == self.expected


def judge(stage: Stage) -> list[Check]:
    """Every check, in the order a reader asks for them."""
    with stage.database.tenant(stage.tenant_id) as tx:
        people = leads.list_all(tx)
        ledger = effects.list_all(tx)
        letters = dead.count_open(tx)
    with stage.database.hat("operator") as tx:
        broken = invariants.check(tx, lease=stage.settings.lease)
    done, asked = stage.count_done(), _looks_by_log(stage)
    settled = [line for line in ledger if line.state is EffectState.DONE]
    right = sum(1 for line in settled if line.response == _truth(line.key, stage.seed).to_json())
    return [
        Check("leads accepted", stage.accepted, len(stage.people), "the sender"),
        Check("leads stored", len(people), stage.accepted, "the sender's 202 answers"),
        Check("leads enriched, once each", done.get("lead.enrich", 0), stage.accepted, "the sender"),
        Check("leads scored, once each", done.get("lead.score", 0), stage.accepted, "the sender"),
        Check("domains looked up", _read(ledger, stage), len(asked), "the web server's log"),
        Check("asked as often as the ledger says", _honest(ledger, asked), len(asked), "the web server's log"),
        Check("look-ups with the right answer", right, len(ledger), "the web server's world"),
        Check("scores right", _scores_right(people, stage), stage.accepted, "computed from the CSV"),
        Check("dead letters", letters, 0, "nothing was poisonous"),
        Check("invariants violated", len(broken), 0, "outrider doctor"),
    ]  # fmt: skip


def _parts(key: str) -> tuple[str, str | None]:
    domain, site, _month = key.removeprefix("domain.look:").split("|")
    return domain, site or None


def _truth(key: str, seed: int) -> DomainFacts:
    domain, site = _parts(key)
    return expected_domain(domain, seed, site)


def _has_page(key: str, seed: int) -> bool:
    """Whether this question sends a reader to the web at all."""
    return _truth(key, seed).page_state != "none"


def _read(ledger: list[effects.Known], stage: Stage) -> int:
    return sum(1 for line in ledger if _has_page(line.key, stage.seed))


def _honest(ledger: list[effects.Known], asked: Counter[str]) -> int:
    """Questions that were asked once, or once more for each time that the asker died.

    A worker that dies between intent and request leaves a call that the other side never saw, so
    after a crash the ledger may count one call more than the log; never fewer.
    """
    calls = {line.key: line.calls for line in ledger}
    return sum(1 <= looks <= calls.get(key, 0) for key, looks in asked.items())


def _looks_by_log(stage: Stage) -> Counter[str]:
    """How often each question was asked, by the web server's log: requests ÷ requests per look."""
    requests: Counter[str] = Counter()
    for text in stage.web_log.read_text().splitlines():
        line = json.loads(text)
        if line["method"] == "GET" and line["key"]:
            requests[line["key"]] += 1
    return Counter(
        {key: -(-count // _requests_per_look(key, stage.seed)) for key, count in requests.items()}
    )


def _requests_per_look(key: str, seed: int) -> int:
    domain, site = _parts(key)
    host = site.split("/")[2] if site else domain
    return {"moved": 2, "failing": 3}.get(company(host, seed).page, 1)


def _scores_right(people: list[leads.Lead], stage: Stage) -> int:
    """Leads whose stored score is what the CSV and the web's own world give, by the pure functions."""
    told = {person.email.lower(): person for person in stage.people}
    return sum(
        lead.score == _expected_score(told[(lead.email or "").lower()], stage.seed)
        for lead in people
    )


def _expected_score(person: LeadIn, seed: int) -> int:
    address = facts(person.email)
    asked = question(person, address)
    truth = expected_domain(asked.domain, seed, asked.site) if asked else None
    return score(features(person, conclude(person, address, truth))).points
