"""POST /register: make a tenant with its first admin (master token)."""

from rolecall.auth.roles import Role
from rolecall.http.field_types import Email, Password, RoleName, UniqueName, WebhookUrl
from rolecall.http.guards import require_master_token
from rolecall.http.models import Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route
from rolecall.tenants import tenants
from rolecall.tenants.user_creation import NewUser


class Registration(Body):
    tenant_name: UniqueName
    email: Email
    password: Password
    role: RoleName = Role.ADMIN
    webhook_url: WebhookUrl | None = None


@route(Family.TENANT, may_call=require_master_token, body=Registration)
def handler(request: Request[Registration]) -> Response:
    # The first user is always an admin, whatever role was asked for.
    body = request.body
    first_admin = NewUser(body.email, body.password, Role.ADMIN, body.webhook_url)
    tenant, created = tenants.register_tenant(
        request.context, body.tenant_name, first_admin, idempotency_key=request.idempotency_key
    )
    return Response(
        201,
        {**created.to_json(), "tenant": tenant.to_json(), "token": created.token},
        etag_header(created.user.version),
    )
