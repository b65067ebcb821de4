"""The whole way: our resolver and page reader against the stand-in, compared with what it must find."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from providers.ports import Providers
from providers.registry import from_settings
from providers.standins.companies import company, expected_domain
from schemas.settings import Settings
from tests.providers.conftest import ROOT, SEED, CompanyWeb

DOMAINS = [f"company-{n}.example" for n in range(250)] + ["gmail.com", "web.de", "mailinator.com"]


@pytest.fixture(scope="module")
def providers(company_web: CompanyWeb) -> Iterator[Providers]:
    settings = Settings.model_validate(
        {"egress_proxy": company_web.proxy, "dns_server": company_web.dns}
    )
    made = from_settings(settings)
    yield made
    made.close()


def test_every_kind_of_company_is_seen_as_what_it_is(providers: Providers):
    kinds = Counter((company(domain, SEED).page, company(domain, SEED).mail) for domain in DOMAINS)
    assert {page for page, _ in kinds} == {
        "fine",
        "slow",
        "moved",
        "elsewhere",
        "garbage",
        "document",
        "missing",
        "failing",
    }
    assert {mail for _, mail in kinds} == {"mx", "null", "address", "gone"}
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda d: providers.domains.look(d, None, key=f"t:{d}"), DOMAINS))
    for domain, facts in zip(DOMAINS, found, strict=True):
        assert facts == expected_domain(domain, SEED)


@pytest.mark.parametrize(
    "website", ["https://www.company-1.example/", "http://company-2.example/de"]
)
def test_a_given_web_site_is_read_in_place_of_the_domains_own(providers: Providers, website: str):
    found = providers.domains.look("gmail.com", website, key="given")
    assert found == expected_domain("gmail.com", SEED, website)


def test_the_key_of_a_question_reaches_the_other_sides_log(
    providers: Providers, company_web: CompanyWeb
):
    fine = next(
        d for d in DOMAINS if (company(d, SEED).page, company(d, SEED).mail) == ("fine", "mx")
    )
    failing = next(
        d for d in DOMAINS if (company(d, SEED).page, company(d, SEED).mail) == ("failing", "mx")
    )
    providers.domains.look(fine, None, key="key:fine")
    providers.domains.look(failing, None, key="key:failing")
    assert company_web.asked("key:fine") == [("GET", fine, 200)]
    assert company_web.asked("key:failing") == [("GET", failing, 500)] * 3


def test_the_stand_in_ends_when_its_parent_is_killed(tmp_path: Path):
    starter = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'providers.standins.company_web',"
        " '--die-with-parent'], stdout=subprocess.PIPE, text=True)\n"
        "child.stdout.readline(); print(child.pid, flush=True); time.sleep(60)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", starter], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        orphan = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while _alive(orphan) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(orphan)


def _alive(pid: int) -> bool:
    """Running, and not a zombie that nobody has collected yet."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return state.stdout.strip()[:1] not in {"", "Z"}


def test_the_world_depends_on_its_seed():
    one, other = (
        json.dumps([expected_domain(d, seed).to_json() for d in DOMAINS[:50]]) for seed in (1, 2)
    )
    assert one != other
