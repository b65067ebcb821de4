"""Whether a vendor takes a secret: what each answer means, and that no answer makes us repeat it."""

from datetime import timedelta
from uuid import UUID

import pytest

from providers.integrations import KeyChecks
from providers.ports import VendorAccount
from schemas.errors import JobError, NeedsReauth, Permanent, RateLimited, Transient
from schemas.integrations import VENDORS, address, vendor
from telemetry.secrets import Keyring, Purpose, Sealed
from tests.fix_crm import KEYRING
from tests.fix_vendors import SECRETS, Vendors


def at(there: Vendors, name: str, secret: str | None = None) -> VendorAccount:
    asked = vendor(name)
    purpose = Purpose(UUID(int=1), "integration", UUID(int=2), asked.kind)
    box = KEYRING.seal((secret or SECRETS[name]).encode(), purpose)
    return VendorAccount(asked, there.base(name), Sealed(box, purpose))


@pytest.mark.parametrize("name", VENDORS)
def test_each_vendor_is_asked_as_its_reference_says(
    name: str, vendors: Vendors, checks: KeyChecks
) -> None:
    checks.check(at(vendors, name))
    wrong = "sdr@acme.test:other-word" if name == "zoominfo" else "another-secret-of-mine"
    with pytest.raises(NeedsReauth) as refused:
        checks.check(at(vendors, name, wrong))
    assert wrong.rpartition(":")[2] not in str(refused.value)
    assert [one for one, _ in vendors.asked] == [name, name], "once each"


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind"),
    [
        (403, {"error": "scope"}, {}, NeedsReauth),
        (403, {"error": {"errors": [{"reason": "userRateLimitExceeded"}]}}, {}, RateLimited),
        (429, {}, {"Retry-After": "7"}, RateLimited),
        (503, {}, {}, Transient),
        (404, {}, {}, Permanent),
        (302, {}, {"Location": "https://elsewhere.test"}, Permanent),
        (200, b"<html>Welcome</html>", {}, Permanent),
    ],
)
def test_what_an_answer_means(
    status: int, body: object, headers: dict[str, str], kind: type[JobError], vendors: Vendors,
    checks: KeyChecks,
) -> None:  # fmt: skip
    vendors.answers["gmail"] = (status, body, headers)
    with pytest.raises(kind) as refused:
        checks.check(at(vendors, "gmail"))
    assert type(refused.value) is kind
    if isinstance(refused.value, RateLimited):
        assert refused.value.retry_after == timedelta(seconds=7 if headers else 60)


def test_nobody_there_is_trouble_that_passes(checks: KeyChecks) -> None:
    with pytest.raises(Transient):
        checks.check(at(Vendors("http://127.0.0.1:9"), "gmail"))


def test_a_secret_that_our_keys_do_not_open_is_kept(vendors: Vendors, checks: KeyChecks) -> None:
    with pytest.raises(Transient, match="OUTRIDER_SECRET_KEY has no key"):
        KeyChecks(Keyring([bytes(32)]), checks.client, checks.near).check(at(vendors, "gmail"))
    assert vendors.asked == []


@pytest.mark.parametrize(
    "url",
    ["http://api.apollo.io", "ftp://x", "https://u:p@api.apollo.io", "https://x/?k=1", "http://127.0.0.1@evil.test"],
)  # fmt: skip
def test_no_secret_goes_to_an_address_that_is_not_safe(url: str) -> None:
    with pytest.raises(Permanent, match=r"^base_url: "):
        address(url)
