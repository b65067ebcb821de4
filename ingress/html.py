"""Our own pages: escaped templates behind headers that allow nothing. Refuses scripts and cookies."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

_PLACE = Path(__file__).parent / "templates"
_STYLE = (_PLACE / "style.css").read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_PAGES = Environment(
    loader=FileSystemLoader(_PLACE),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
"""Of every page: a page that is kept, framed, linked from or searched for would tell too much."""


def page(
    name: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **facts: object,
) -> Response:
    """A template of `ingress/templates` as an answer; every fact that it names must be given."""
    text = _PAGES.get_template(f"{name}.html").render(style=_STYLE, **facts)
    return HTMLResponse(text, status_code=status, headers={**HEADERS, **(headers or {})})
