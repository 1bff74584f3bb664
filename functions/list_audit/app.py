"""GET /audit: who changed what in a tenant, newest first (admin: the own tenant; master token: any)."""

from rolecall.audit import trail
from rolecall.auth.roles import Role
from rolecall.http.guards import require_either, require_master_token, require_tenant_role
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route
from rolecall.tenants import tenants


@route(
    Family.TENANT,
    may_call=require_either(require_tenant_role(Role.ADMIN), require_master_token),
    query=frozenset({"limit", "cursor", "tenant_id", "action", "actor", "target", "outcome", "from", "to"}),
)
def handler(request: Request[None]) -> Response:
    query, limit = request.query, request.limit(default=100, maximum=1000)
    from_time, to_time = request.query_time("from"), request.query_time("to")
    page = trail.list_entries(
        tenants.resolve_tenant_id(request.context, query.get("tenant_id")),
        trail.Filters(
            request.query_action("action"),
            request.query_id("actor"),
            request.query_id("target"),
            from_time,
            to_time,
            request.query_choice("outcome", trail.Outcome),
        ),
        limit=limit,
        cursor=query.get("cursor"),
    )
    body = {"success": True, "entries": page.entries}
    return Response(200, body | ({"next_cursor": page.next_cursor} if page.next_cursor else {}))
