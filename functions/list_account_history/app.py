"""GET /v1/api/superadmin/users/{id}/history: what was done to a platform account, newest first (superadmin)."""

from rolecall import account_history, api


@api.route(api.Family.PLATFORM, may_call=api.superadmin, query=frozenset({"limit", "cursor"}))
def handler(request: api.Request[None]) -> api.Response:
    limit = request.limit(default=100, maximum=1000)
    page = account_history.list_account_history(request.int32("id"), limit=limit, cursor=request.query.get("cursor"))
    return api.Response(200, page.entries, api.link_next(limit, page.next_cursor))
