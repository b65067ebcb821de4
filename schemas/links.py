"""The two ways out that every mail carries: a page and a mail address. Refuses to name the person."""

from urllib.parse import quote

from schemas.addresses import normalize

UNSUBSCRIBE = "/u/"


def unsubscribe_url(base: str, token: str) -> str:
    """The page behind List-Unsubscribe (RFC 2369) that one-click POSTs to (RFC 8058).

    `base` is where the world reaches the HTTP edge, with or without a slash at the end. The token
    is all that the link says, so that a link in a log or a forwarded mail names nobody.
    """
    return f"{base.rstrip('/')}{UNSUBSCRIBE}{quote(token, safe='')}"


def unsubscribe_mailto(mailbox: str, token: str) -> str:
    """The mailto of List-Unsubscribe (RFC 6068): a mail to the sender, the token in its subject.

    Raises ValueError when `mailbox` is not an e-mail address.
    """
    return (
        f"mailto:{quote(normalize(mailbox), safe='@')}?subject=unsubscribe-{quote(token, safe='')}"
    )
