"""What makes the working rows about tenants, people, secrets and quotas true, and how to take it away."""

from tests.mutations.guards import Guard, guard
from tests.mutations.trial import Edit

TENANCY: tuple[Guard, ...] = (
    guard(23, "a token speaks for a person of its own issuer", Edit(
        "sql:current_user_id",
        """on u.auth_provider = i.provider and u.auth_subject = i.subject""",
        """on u.auth_subject = i.subject""")),
    guard(23, "a token speaks for its own subject", Edit(
        "sql:current_user_id",
        """on u.auth_provider = i.provider and u.auth_subject = i.subject""",
        """on u.auth_provider = i.provider""")),
)  # fmt: skip
