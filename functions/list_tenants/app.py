"""GET /tenants: list the tenants of the platform, ordered by name (master token)."""

from rolecall import api, tenants


@api.route(api.Family.TENANT, may_call=api.master, query=frozenset({"limit", "cursor"}))
def handler(request: api.Request[None]) -> api.Response:
    page = tenants.list_tenants(limit=request.limit(default=1000, maximum=1000), cursor=request.query.get("cursor"))
    body = {"success": True, "tenants": [tenant.to_json() for tenant in page.tenants]}
    if page.next_cursor:
        body["next_cursor"] = page.next_cursor
    return api.Response(200, body)
