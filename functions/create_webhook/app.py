"""POST /webhooks: make a webhook of the caller's tenant, or of one of its users (admin)."""

from rolecall.auth.roles import Role
from rolecall.http.field_types import WebhookUrl
from rolecall.http.guards import require_tenant_role
from rolecall.http.models import Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route
from rolecall.webhooks import webhook_changes


class WebhookToCreate(Body):
    url: WebhookUrl
    user_id: str | None = None


@route(Family.TENANT, may_call=require_tenant_role(Role.ADMIN), body=WebhookToCreate)
def handler(request: Request[WebhookToCreate]) -> Response:
    body = request.body
    webhook, secret = webhook_changes.create_webhook(request.context, body.url, user_id=body.user_id)
    return Response(
        201,
        {
            "success": True,
            "webhook": webhook.to_json(),
            "webhook_secret": secret,
            "note": "Keep the webhook_secret: it is shown this once and cannot be read again.",
        },
    )
