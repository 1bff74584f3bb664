"""GET /console/{asset}: the script, the style sheet and the icon of the web console."""

from functools import cache
from pathlib import Path

from rolecall.errors import NotFound
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route

_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
#: `make console` writes this folder. A file's name contains a hash of its content.
_FILES = {path.name: path for path in Path(__file__).with_name("assets").iterdir() if path.suffix in _TYPES}


@route(Family.TENANT, may_call=None)
def handler(request: Request[None]) -> Response:
    name = request.path["asset"]
    if name not in _FILES:
        raise NotFound
    headers = {
        "Content-Type": _TYPES[_FILES[name].suffix],
        # Other content has another name. So a browser may keep the file forever.
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(200, _text_of(name), headers)


@cache
def _text_of(name: str) -> str:
    return _FILES[name].read_text()
