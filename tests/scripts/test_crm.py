"""`outrider crm`: a token is asked about before it is kept, and every failure says what to do."""

from collections.abc import Callable
from uuid import UUID

import pytest

from db import Database, leads
from schemas.enums import LeadStatus
from tests.factories import capture
from tests.fix_crm import TOKEN, Portal
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]


@pytest.fixture
def connect(
    outrider: Outrider, tenant: UUID, portal: Callable[..., Portal], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Said, Portal]]:
    """Connect to a portal, with the right token unless another one is given."""

    def run(*more: str, token: str = TOKEN, there: Portal | None = None) -> tuple[Said, Portal]:
        monkeypatch.setenv("CRM_TOKEN", token)
        there = there or portal()
        arguments = ("--tenant", "acme", "--base-url", there.base_url, "--token-env", "CRM_TOKEN")
        return outrider("crm", "connect", "hubspot", *arguments, *more), there

    return run


Connect = Callable[..., tuple[Said, Portal]]


def test_connecting_maps_the_fields_that_the_crm_has(outrider: Outrider, connect: Connect) -> None:
    said, _ = connect("--json")
    assert (said.code, said.json()["new"], said.json()["missing"]) == (0, True, [])
    rows = {row["remote_field"]: row for row in outrider("crm", "map", "list", "--tenant", "acme", "--json").json()}  # fmt: skip
    assert rows["firstname"]["overwrite"] == "if_empty"
    assert rows["outrider_score"]["local_field"] == "score"
    assert outrider("crm", "test", "--tenant", "acme").code == 0
    status = outrider("crm", "status", "--tenant", "acme", "--json").json()
    assert (status["status"], status["waiting"]) == ("connected", 0)


def test_a_field_that_the_crm_lacks_is_named_and_not_mapped(
    outrider: Outrider, connect: Connect, portal: Callable[..., Portal]
) -> None:
    there = portal()
    there.api.store.kinds = {k: v for k, v in there.api.store.kinds.items() if k != "outrider_tier"}
    said, _ = connect(there=there)
    assert "no field outrider_tier" in said.out
    assert "outrider_tier" not in outrider("crm", "map", "list", "--tenant", "acme").out
    outrider("crm", "map", "set", "tier", "outrider_tier", "--tenant", "acme")
    tested = outrider("crm", "test", "--tenant", "acme", "--json")
    assert (tested.code, tested.json()["missing"]) == (1, ["outrider_tier"])


def test_a_refused_token_changes_nothing(outrider: Outrider, connect: Connect) -> None:
    said, there = connect(token="pat-wrong")
    assert (said.code, said.out) == (1, "")
    assert "token:" in said.err
    assert "pat-wrong" not in said.err
    assert outrider("crm", "status", "--tenant", "acme").code == 1
    assert connect(there=there)[0].code == 0
    assert connect(token="pat-wrong", there=there)[0].code == 1
    assert outrider("crm", "test", "--tenant", "acme").code == 0, "the good one is still there"


def test_connecting_again_takes_another_token_and_keeps_the_fields(
    outrider: Outrider, connect: Connect
) -> None:
    _, there = connect()
    outrider("crm", "map", "remove", "phone", "--tenant", "acme")
    there.api.token = "pat-rotated"
    assert outrider("crm", "test", "--tenant", "acme").code == 1
    said, _ = connect("--json", token="pat-rotated", there=there)
    assert (said.code, said.json()["new"]) == (0, False)
    assert outrider("crm", "test", "--tenant", "acme").code == 0
    assert "phone" not in outrider("crm", "map", "list", "--tenant", "acme").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "--token-env or --token-stdin: give one of them."),
        (("--token-stdin", "--token-env", "A"), "give one of them"),
        (("--token-env", "NOBODY_SET_THIS"), "NOBODY_SET_THIS holds none"),
    ],
)
def test_where_the_token_comes_from_is_said_exactly_once(
    outrider: Outrider, tenant: UUID, arguments: tuple[str, ...], says: str
) -> None:
    said = outrider("crm", "connect", "hubspot", "--tenant", "acme", *arguments)
    assert (said.code, said.out) == (1, "")
    assert says in said.err


def test_a_mapping_that_cannot_work_is_refused_with_the_reason(
    outrider: Outrider, connect: Connect
) -> None:
    connect()
    said = outrider("crm", "map", "set", "shoe_size", "phone", "--tenant", "acme")
    assert (said.code, said.out) == (1, "")
    assert "shoe_size → phone: local_field is none of email" in said.err
    gone = outrider("crm", "map", "remove", "shoe_size", "--tenant", "acme")
    assert "There is no mapping to shoe_size." in gone.err


def test_a_mapping_takes_the_place_of_the_one_before(outrider: Outrider, connect: Connect) -> None:
    connect()
    set_it = (
        "crm",
        "map",
        "set",
        "full_name",
        "firstname",
        "--transform",
        "upper",
        "--clear-blank",
    )
    assert outrider(*set_it, "--tenant", "acme").code == 0
    rows = outrider("crm", "map", "list", "--tenant", "acme", "--json").json()
    [row] = [row for row in rows if row["remote_field"] == "firstname"]
    assert row == {
        "local_field": "full_name", "remote_field": "firstname", "transform": "upper",
        "overwrite": "always", "clear_blank": True,
    }  # fmt: skip


def test_push_all_queues_every_lead_that_the_crm_should_know(
    outrider: Outrider, connect: Connect, database: Database, tenant: UUID
) -> None:
    with database.tenant(tenant) as tx:
        for email in ("one@firm.example", "two@firm.example"):
            lead = leads.get_locked(tx, capture(tx, email))
            leads.move(tx, lead, LeadStatus.LOST, cause="test")
        capture(tx, "new@firm.example")
    connect()
    assert "0 leads wait" in outrider("crm", "push", "--tenant", "acme").out
    assert "2 leads wait" in outrider("crm", "push", "--all", "--tenant", "acme").out
    [job] = outrider("jobs", "list", "--actor", "crm.collect", "--json").json()
    assert job["state"] == "delayed", "they gather into one"
    assert "told nothing yet" in outrider("crm", "log", "--tenant", "acme").out


def test_without_a_connection_every_command_says_so(outrider: Outrider, tenant: UUID) -> None:
    for command in ("test", "status", "push"):
        said = outrider("crm", command, "--tenant", "acme")
        assert (said.code, "There is no connection to hubspot." in said.err) == (1, True)
