"""DELETE /webhooks/{id}: delete a webhook of the caller's tenant or of one of its users (admin)."""

from rolecall.auth.roles import Role
from rolecall.http.guards import require_tenant_role
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route
from rolecall.webhooks import webhook_changes


@route(Family.TENANT, may_call=require_tenant_role(Role.ADMIN))
def handler(request: Request[None]) -> Response:
    webhook_changes.delete_webhook(request.context, request.path["id"])
    return Response(200, {"success": True, "message": "Webhook deleted"})
