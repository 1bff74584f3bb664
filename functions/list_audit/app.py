"""GET /audit: who changed what in a tenant, newest first (admin: the own tenant; master token: any)."""

from rolecall import api, audit, tenants
from rolecall.roles import Role


@api.route(
    api.Family.TENANT,
    may_call=api.either(api.tenant_roles(Role.ADMIN), api.master),
    query=frozenset({"limit", "cursor", "tenant_id", "action", "actor", "target", "from", "to"}),
)
def handler(request: api.Request[None]) -> api.Response:
    query, limit = request.query, request.limit(default=100, maximum=1000)
    since, until = request.moment("from"), request.moment("to")
    page = audit.list_entries(
        tenants.within_reach(request.call, query.get("tenant_id")),
        audit.Filters(request.text("action"), request.id("actor"), request.id("target"), since, until),
        limit=limit,
        cursor=query.get("cursor"),
    )
    body = {"success": True, "entries": page.entries}
    return api.Response(200, body | ({"next_cursor": page.next_cursor} if page.next_cursor else {}))
