"""GET /v1/api/superadmin/users/{id}/history: what was done to a platform account, newest first (superadmin)."""

from rolecall.accounts import history
from rolecall.http.guards import require_superadmin
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, next_page_link_header
from rolecall.http.routes import route


@route(Family.PLATFORM, may_call=require_superadmin, query=frozenset({"limit", "cursor"}))
def handler(request: Request[None]) -> Response:
    limit = request.limit(default=100, maximum=1000)
    page = history.list_account_history(
        request.path_positive_int32("id"), limit=limit, cursor=request.query.get("cursor")
    )
    return Response(200, page.entries, next_page_link_header(limit, page.next_cursor))
