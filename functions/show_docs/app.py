"""GET /docs: the interactive reference of the API."""

from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route

#: Everything comes from where the page does; Swagger UI's pictures are in its style sheet, and it styles inline.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# The addresses are relative, so that they work under the stage, under a custom domain and on the local stack.
# The version in an address makes browsers load a new viewer instead of the one in their cache.
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rolecall API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css?v=2026.10.1">
<link rel="stylesheet" href="docs/reference.css">
</head>
<body>
<div id="reference"><noscript>This page needs JavaScript. The document that it shows is
<a href="docs/openapi.json">openapi.json</a>.</noscript></div>
<script src="docs/swagger-ui-bundle.js?v=2026.10.1"></script>
<script src="docs/reference.js"></script>
</body>
</html>
"""


@route(Family.TENANT, may_call=None)
def handler(_request: Request[None]) -> Response:
    return Response(200, _PAGE, _HEADERS)
