"""The verdict on the way in: posted rows, stored leads, look-ups and scores, by the others' books."""

import json
from collections import Counter

from db import effects, leads
from providers.standins.companies import company, expected_domain
from schemas.addresses import facts
from schemas.enrichments import DomainFacts, Enrichment, conclude, question
from schemas.enums import EffectState, EmailStatus
from schemas.leads import LeadIn
from schemas.scores import features, score
from scripts.demo.check import Check
from scripts.demo.stage import Stage

_LOOK = "domain.look:"


def check_leads(stage: Stage) -> list[Check]:
    """Everything from the first row that was posted to the last score."""
    assert stage.posted
    accepted, done = stage.posted.accepted, stage.count_done()
    with stage.database.tenant(stage.tenant_id) as tx:
        people = leads.list_all(tx)
        ledger = [line for line in effects.list_all(tx) if line.key.startswith(_LOOK)]
    asked = _looks_by_log(stage)
    settled = [line for line in ledger if line.state is EffectState.DONE]
    right = sum(1 for line in settled if line.response == _truth(line.key, stage.seed).to_json())
    wrong = Counter(row.wrong for row in stage.rows if row.wrong)
    named = sum((stage.posted.refused & wrong).values())
    return [
        Check("leads accepted", accepted, len(stage.people), "the sender"),
        Check("wrong rows refused, each by its field", named, wrong.total(), "the sender"),
        Check("leads stored", len(people), accepted, "the sender's 202 answers"),
        Check("leads enriched, once each", done.get("lead.enrich", 0), accepted, "the sender"),
        Check("leads scored, once each", done.get("lead.score", 0), accepted, "the sender"),
        Check("domains looked up", _read(ledger, stage), len(asked), "the web server's log"),
        Check("asked as often as the ledger says", _honest(ledger, asked), len(asked), "the web server's log"),
        Check("look-ups with the right answer", right, len(ledger), "the web server's world"),
        Check("scores right", _scores_right(people, stage), accepted, "computed from the CSV"),
    ]  # fmt: skip


def reachable(stage: Stage) -> set[str]:
    """Whom a campaign may write to, by the CSV and the web's own world; addresses in lower case."""
    return {
        person.email.lower()
        for person in stage.people
        if person.email and _known(person, stage.seed).email_status is not EmailStatus.INVALID
    }


def _parts(key: str) -> tuple[str, str | None]:
    domain, site, _month = key.removeprefix(_LOOK).split("|")
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
    for text in (stage.folder / "web.log").read_text().splitlines():
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
    told = {person.email.lower(): person for person in stage.people if person.email}
    return sum(
        lead.score == _expected_score(told[(lead.email or "").lower()], stage.seed)
        for lead in people
    )


def _expected_score(person: LeadIn, seed: int) -> int:
    return score(features(person, _known(person, seed))).points


def _known(person: LeadIn, seed: int) -> Enrichment:
    """What a look-up in the web's own world tells about somebody, by the pure functions."""
    assert person.email, "every lead of the demo has an address"
    address = facts(person.email)
    asked = question(person, address)
    truth = expected_domain(asked.domain, seed, asked.site) if asked else None
    return conclude(person, address, truth)
