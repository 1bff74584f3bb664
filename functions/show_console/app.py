"""GET /console: the web page on which people administer users, accounts and tenants."""

from functools import cache
from pathlib import Path

from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route

#: The page loads files from its own origin only. No script can make HTML from text, and no site can frame the page.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@route(Family.TENANT, may_call=None)
def handler(_request: Request[None]) -> Response:
    return Response(200, _page(), _HEADERS)


@cache
def _page() -> str:
    """Returns the page that `make console` wrote. Its addresses are relative, so it works below any path."""
    return Path(__file__).with_name("page.html").read_text()
