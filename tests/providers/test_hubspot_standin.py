"""The stand-in refuses what HubSpot refuses; a sender that works against it keeps the contract."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from providers.http import connect
from tests.fix_crm import TOKEN, Portal

Portals = Callable[..., Portal]
UPSERT = "/crm/v3/objects/contacts/batch/upsert"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def post(there: Portal, body: object, path: str = UPSERT, **headers: str) -> httpx2.Response:
    with connect() as client:
        return client.post(there.base_url + path, json=body, headers={**HEADERS, **headers})


def item(email: str = "a@firm.example", **more: object) -> dict[str, object]:
    return {"id": email, "idProperty": "email", "properties": {"firstname": "A"}, **more}


# fmt: off
REFUSED: dict[str, Any] = {
    "a number for a text": [item(properties={"outrider_score": 7})],
    "null is not how a value is cleared": [item(properties={"firstname": None})],
    "a property that does not exist": [item(properties={"shoe_size": "44"})],
    "a property that nobody may write": [item(properties={"createdate": "2026-01-01"})],
    "associations": [item(associations=[])],
    "no id": [{"idProperty": "email", "properties": {}}],
    "no properties": [{"id": "a@firm.example", "idProperty": "email"}],
    "an id that is no unique property": [item(idProperty="firstname")],
    "the same address twice, whatever its case": [item(), item("A@FIRM.example")],
    "too many": [item(f"p{n}@firm.example") for n in range(101)],
    "none": [],
}
# fmt: on


@pytest.mark.parametrize("inputs", REFUSED.values(), ids=list(REFUSED))
def test_a_request_outside_the_contract_is_refused_whole(portal: Portals, inputs: object) -> None:
    there = portal()
    said = post(there, {"inputs": inputs})
    assert (said.status_code, said.json()["category"]) == (400, "VALIDATION_ERROR")
    assert said.json()["correlationId"]
    assert (there.contacts(), there.lines()) == ({}, [])


def test_only_the_token_opens_it_and_only_its_paths_exist(portal: Portals) -> None:
    there = portal()
    assert post(there, {"inputs": [item()]}, Authorization="Bearer wrong").status_code == 401
    assert post(there, {"inputs": [item()]}, Authorization="").status_code == 401
    assert post(there, {}, path="/crm/v3/objects/deals/batch/upsert").status_code == 404


@pytest.mark.parametrize(("bad", "code"), [
    (item("no-address"), "INVALID_EMAIL"),
    (item(properties={"hs_lead_status": "THRILLED"}), "INVALID_OPTION"),
    (item(properties={"outrider_score": "seven"}), "INVALID_LONG"),
    (item("b@firm.example", properties={"email": "taken@firm.example"}), "CONFLICT"),
])  # fmt: skip
def test_a_value_it_cannot_keep_fails_that_contact_alone(
    portal: Portals, bad: dict[str, object], code: str
) -> None:
    there = portal()
    post(there, {"inputs": [item("taken@firm.example")]})
    said = post(there, {"inputs": [item("fine@firm.example"), bad]})
    assert (said.status_code, said.json()["numErrors"]) == (207, 1)
    [error] = said.json()["errors"]
    assert error["errors"][0]["code"] == code
    assert error["context"]["id"] == [bad["id"]]
    assert set(there.contacts()) == {"taken@firm.example", "fine@firm.example"}


def test_an_address_may_change_to_a_free_one(portal: Portals) -> None:
    there = portal()
    [old] = post(there, {"inputs": [item("old@firm.example")]}).json()["results"]
    moved = item("old@firm.example", properties={"email": "New@firm.example"})
    [new] = post(there, {"inputs": [moved]}).json()["results"]
    assert (old["id"], old["new"], new["new"]) == (new["id"], True, False)
    assert list(there.contacts()) == ["new@firm.example"]


def test_its_answers_say_how_many_requests_are_left(portal: Portals) -> None:
    there = portal(limit=2, interval_ms=60_000)
    one, two, three = (post(there, {"inputs": [item()]}) for _ in range(3))
    left = [said.headers["x-hubspot-ratelimit-remaining"] for said in (one, two, three)]
    assert left == ["1", "0", "0"]
    assert (three.status_code, three.json()["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
    assert len(there.lines()) == 2


def test_it_runs_as_a_process_and_keeps_its_archive(tmp_path: Path, here: Path) -> None:
    archive = tmp_path / "crm.jsonl"
    command = [sys.executable, "-m", "providers.standins.hubspot", "--archive", str(archive),
               "--traps", "lost=1", "--die-with-parent"]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(here)}
    with subprocess.Popen(command, cwd=here, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = json.loads(process.stdout.readline())["http"]
        with connect() as client, pytest.raises(httpx2.TransportError):
            client.post(f"http://127.0.0.1:{port}{UPSERT}", json={"inputs": [item(objectWriteTraceId="k")]}, headers=HEADERS)  # fmt: skip
        process.terminate()
        assert process.wait(5) == 0
    [line] = [json.loads(line) for line in archive.read_text().splitlines()]
    assert (line["trace"], line["email"], line["was_new"], line["answered"]) == ("k", "a@firm.example", True, False)  # fmt: skip


def test_a_trap_that_is_none_is_refused(here: Path) -> None:
    command = [sys.executable, "-m", "providers.standins.hubspot", "--traps", "gravity=1"]
    done = subprocess.run(
        command, cwd=here, capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 2
    assert "--traps" in done.stderr
