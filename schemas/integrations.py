"""What a tenant may connect, as data: which secret each vendor gives out, and the cheapest question to it.

Sources: the vendors' own reference pages, by name of the operation in `asks`.
"""

from dataclasses import dataclass, field
from typing import Literal

from schemas.errors import Permanent

Kind = Literal["api_key", "access_token", "login"]
"""A key; an OAuth 2 access token; `USER:PASSWORD` of a vendor that signs in by call."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor whose account is a secret and an address.

    `header` carries the secret, after `prefix`; a login goes in the body instead. `expects`: what
    must stand in the answer's JSON, where 200 alone proves nothing (None: anything).
    """

    name: str
    category: str
    kind: Kind
    base_url: str
    path: str
    header: str = "Authorization"
    prefix: str = "Bearer "
    expects: dict[str, bool | None] = field(default_factory=dict[str, bool | None])

    @property
    def asks(self) -> str:
        """The question, as a person would look it up."""
        return f"{'POST' if self.kind == 'login' else 'GET'} {self.path}"


VENDORS = {
    vendor.name: vendor
    for vendor in (
        Vendor("apollo", "data", "api_key", "https://api.apollo.io", "/api/v1/auth/health",
               header="X-Api-Key", prefix="", expects={"is_logged_in": True}),
        Vendor("zoominfo", "data", "login", "https://api.zoominfo.com", "/authenticate",
               expects={"jwt": None}),
        Vendor("phantombuster", "social", "api_key", "https://api.phantombuster.com",
               "/api/v2/orgs/fetch", header="X-Phantombuster-Key", prefix=""),
        Vendor("linkedin", "social", "access_token", "https://api.linkedin.com", "/v2/userinfo"),
        Vendor("gmail", "mail", "access_token", "https://gmail.googleapis.com",
               "/gmail/v1/users/me/profile"),
        Vendor("outlook", "mail", "access_token", "https://graph.microsoft.com", "/v1.0/me"),
        Vendor("openai", "model", "api_key", "https://api.openai.com/v1", "/models"),
    )
}  # fmt: skip
"""By name. `openai` is every server that speaks its protocol, with `base_url` where it stands."""

ELSEWHERE = {"hubspot": "outrider crm connect", "mailbox": "outrider mailboxes add"}
"""What has a table of its own, for it needs more than a secret, and the command that connects it."""


def vendor(name: str) -> Vendor:
    """A vendor by its name. Raises Permanent, naming all."""
    if name in ELSEWHERE:
        raise Permanent(f"provider: {name} is connected with `{ELSEWHERE[name]}`.")
    found = VENDORS.get(name)
    if found is None:
        raise Permanent(f"provider: there is no {name!r}; there are {', '.join(sorted(VENDORS))}.")
    return found


def address(base_url: str) -> str:
    """An API's address as it is kept. Raises Permanent for one that no secret may be sent to."""
    near = base_url.startswith(("http://127.0.0.1", "http://localhost", "http://[::1]"))
    if not (base_url.startswith("https://") or near) or any(c in base_url for c in " ?#@"):
        raise Permanent(
            f"base_url: {base_url!r} must begin with https:// (or http:// on this machine) and "
            "have neither user, query nor fragment."
        )
    return base_url.rstrip("/")
