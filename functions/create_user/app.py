"""POST /users: make a user in the caller's tenant (admin)."""

from rolecall.auth.roles import Role
from rolecall.http.field_types import Email, Password, RoleName, WebhookUrl
from rolecall.http.guards import require_tenant_role
from rolecall.http.models import Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route
from rolecall.tenants import user_creation


class UserToCreate(Body):
    email: Email
    password: Password
    role: RoleName
    webhook_url: WebhookUrl | None = None


@route(Family.TENANT, may_call=require_tenant_role(Role.ADMIN), body=UserToCreate)
def handler(request: Request[UserToCreate]) -> Response:
    body = request.body
    new = user_creation.NewUser(body.email, body.password, body.role, body.webhook_url)
    created = user_creation.create_user(request.context, new, idempotency_key=request.idempotency_key)
    return Response(201, created.to_json(), etag_header(created.user.version))
