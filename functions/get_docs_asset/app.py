"""GET /docs/{asset}: what the interactive reference loads: the API's document, the viewer and its settings."""

from pathlib import Path

from rolecall.errors import NotFound
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route

_SCRIPT, _STYLE, _JSON = "text/javascript; charset=utf-8", "text/css; charset=utf-8", "application/json"
_ASSETS = {
    "openapi.json": _JSON,
    "reference.js": _SCRIPT,
    "reference.css": _STYLE,
    "swagger-ui-bundle.js": _SCRIPT,
    "swagger-ui.css": _STYLE,
}
#: The viewer, whose addresses name its version: the only answers of the API that may be kept.
_KEPT = {"swagger-ui-bundle.js", "swagger-ui.css"}


@route(Family.TENANT, may_call=None, query=frozenset({"v"}))
def handler(request: Request[None]) -> Response:
    name = request.path["asset"]
    if name not in _ASSETS:
        raise NotFound
    headers = {"Content-Type": _ASSETS[name], "X-Content-Type-Options": "nosniff"}
    if name in _KEPT:
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return Response(200, Path(__file__).with_name(name).read_text(), headers)
