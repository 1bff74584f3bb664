"""GET /tenants: list the tenants of the platform that are in one state, ordered by name (master token)."""

from rolecall.http.guards import require_master_token
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route
from rolecall.tenants import tenants
from rolecall.tenants.tenants import TenantStatus


@route(Family.TENANT, may_call=require_master_token, query=frozenset({"limit", "cursor", "status", "name"}))
def handler(request: Request[None]) -> Response:
    page = tenants.list_tenants(
        limit=request.limit(default=1000, maximum=1000),
        cursor=request.query.get("cursor"),
        status=request.query_choice("status", TenantStatus) or TenantStatus.ACTIVE,
        name=request.query.get("name", ""),
    )
    body = {"success": True, "tenants": [tenant.to_json() for tenant in page.tenants]}
    if page.next_cursor:
        body["next_cursor"] = page.next_cursor
    return Response(200, body)
