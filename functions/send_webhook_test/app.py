"""POST /webhooks/{id}/test: send a `webhook.test` to a webhook, also to a disabled one (admin)."""

from rolecall.auth.roles import Role
from rolecall.http.guards import require_tenant_role
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route
from rolecall.webhooks import webhook_changes


@route(Family.TENANT, may_call=require_tenant_role(Role.ADMIN))
def handler(request: Request[None]) -> Response:
    message = webhook_changes.send_webhook_test(request.context, request.path["id"])
    data = {"webhook_id": message.webhook_id, "delivery_id": message.delivery_id, "type": message.event_type}
    return Response(202, {"success": True, "message": "Test event queued", "data": data})
