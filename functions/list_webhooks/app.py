"""GET /webhooks: list the webhooks of the caller's tenant and of its users, the oldest first (admin)."""

from rolecall.auth.roles import Role
from rolecall.http.guards import require_tenant_role
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route
from rolecall.webhooks import webhook_list


@route(Family.TENANT, may_call=require_tenant_role(Role.ADMIN), query=frozenset({"limit", "cursor"}))
def handler(request: Request[None]) -> Response:
    page = webhook_list.list_webhooks(
        request.context, limit=request.limit(default=100, maximum=1000), cursor=request.query.get("cursor")
    )
    body = {"success": True, "webhooks": [webhook.to_json() for webhook in page.webhooks]}
    if page.next_cursor:
        body["next_cursor"] = page.next_cursor
    return Response(200, body)
