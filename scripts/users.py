"""`outrider users`: people, how they sign in, and their role in one tenant."""

from typing import Annotated
from uuid import UUID

import typer

from db import Tx, audit, identities, tenants, users
from schemas.enums import MembershipRole
from schemas.errors import NoSuchRow, Permanent
from scripts.options import Json, Reason, Tenant
from scripts.output import out, show, show_one
from scripts.session import open_database, whoami

app = typer.Typer(no_args_is_help=True)
Email = Annotated[str, typer.Argument(help="The person's address.")]
Provider = Annotated[
    str, typer.Option(help="The issuer (iss) of the person's tokens; local: they name none.")
]
Subject = Annotated[
    str | None, typer.Option(help="The identity provider's id of the person; made when absent.")
]


@app.command("create")
def create(
    email: str,
    tenant: Tenant,
    name: Annotated[str | None, typer.Option(help="Full name.")] = None,
    role: Annotated[
        MembershipRole, typer.Option(help="Rights in the tenant.")
    ] = MembershipRole.MEMBER,
    provider: Provider = users.LOCAL,
    subject: Subject = None,
    pending: Annotated[
        bool, typer.Option("--pending", help="Sees nothing until `users accept`.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Create a person, or give a known one a role in another tenant."""
    subject = _subject(email, provider, subject)
    with open_database() as (database, _), database.hat("operator") as tx:
        found = tenants.get_by_slug(tx, tenant)
        member = users.add(
            tx,
            email=email,
            full_name=name,
            tenant_id=found.id,
            role=role,
            auth_provider=provider,
            auth_subject=subject,
            accepted=not pending,
        )
        _audit(tx, "membership_create", member.id, None, found.id, role=role)
        show_one(member, as_json=as_json)


@app.command("list")
def list_members(tenant: Tenant, as_json: Json = False) -> None:
    """List the people of a tenant."""
    with open_database() as (database, _), database.hat("operator") as tx:
        found = tenants.get_by_slug(tx, tenant)
        show(users.list_members(tx, found.id), as_json=as_json, empty="Nobody yet.")


@app.command("accept")
def accept(email: Email, tenant: Tenant) -> None:
    """Let a pending member in."""
    with open_database() as (database, _), database.hat("operator") as tx:
        owner, person = tenants.get_by_slug(tx, tenant), identities.get(tx, email)
        new = users.accept(tx, owner.id, person.id)
        if new:
            _audit(tx, "membership_accept", person.id, None, owner.id)
    out.print(f"{email} is {'now' if new else 'already'} a member of {tenant}.")


@app.command("remove")
def remove(email: Email, tenant: Tenant, reason: Reason) -> None:
    """Take a person's role in a tenant away; they see nothing of it from then on."""
    with open_database() as (database, _), database.hat("operator") as tx:
        owner, person = tenants.get_by_slug(tx, tenant), identities.get(tx, email)
        users.remove(tx, owner.id, person.id)
        _audit(tx, "membership_remove", person.id, reason, owner.id)
    out.print(f"{email} is no member of {tenant} any more.")


@app.command("link")
def link(
    email: Email,
    reason: Reason,
    subject: Annotated[str, typer.Option(help="The identity provider's id of the person (sub).")],
    provider: Annotated[
        str, typer.Option(help="The issuer of their tokens (iss), letter by letter.")
    ] = users.LOCAL,
) -> None:
    """Say which tokens are this person's; those of before are nobody's from then on."""
    with open_database() as (database, _), database.hat("operator") as tx:
        person = identities.get(tx, email)
        identities.link(tx, person.id, provider=provider, subject=subject)
        _audit(tx, "identity_link", person.id, reason, provider=provider)
    out.print(f"{email} signs in as {subject} of {provider}.")


@app.command("operator")
def operator(
    email: Email,
    reason: Reason,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take the right away again.")] = False,
    provider: Provider = users.LOCAL,
    subject: Subject = None,
) -> None:
    """Let a person open support sessions, or no more; makes an unknown one, a member of no tenant."""
    with open_database() as (database, _), database.hat("operator") as tx:
        known = identities.find(tx, email)
        if known is None and revoke:
            raise NoSuchRow("user", email)
        if known and subject is None and provider == users.LOCAL:
            person_id = known.id
        else:
            person_id = users.find_or_add(tx, email, None, provider=provider,
                                          subject=_subject(email, provider, subject))  # fmt: skip
        if known is None:
            _audit(tx, "user_create", person_id, reason, provider=provider)
        identities.appoint(tx, person_id, operator=not revoke)
        _audit(tx, "operator_revoke" if revoke else "operator_appoint", person_id, reason)
    out.print(
        f"{email} {'' if known else 'is new, and '}may {'no longer' if revoke else 'now'} open support sessions."
    )


def _subject(email: str, provider: str, subject: str | None) -> str:
    """What tokens call a person; those of the local provider by their address, unless told."""
    if provider != users.LOCAL and subject is None:
        raise Permanent("--subject: say which person of the provider this is (sub).")
    return subject or f"local|{email.strip().lower()}"


def _audit(
    tx: Tx, action: str, user_id: UUID, reason: str | None, tenant_id: UUID | None = None,
    **details: str,
) -> None:  # fmt: skip
    audit.record(tx, operator=whoami(), action=action, resource_type="user", tenant_id=tenant_id,
                 resource_id=str(user_id), reason=reason, details=details)  # fmt: skip
