"""POST /webhooks/{id}/secret: a new secret for a webhook; for 24 hours the former one signs too (admin)."""

from rolecall.auth.roles import Role
from rolecall.http.guards import require_tenant_role
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route
from rolecall.webhooks import webhook_changes


@route(Family.TENANT, may_call=require_tenant_role(Role.ADMIN))
def handler(request: Request[None]) -> Response:
    webhook, secret = webhook_changes.rotate_webhook_secret(request.context, request.path["id"])
    return Response(
        200,
        {
            "success": True,
            "message": "Webhook secret rotated",
            "webhook": webhook.to_json(),
            "webhook_secret": secret,
            "note": "Keep the webhook_secret: it is shown this once and cannot be read again.",
        },
    )
