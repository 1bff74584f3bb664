"""POST /register: make a tenant with its first admin (master token)."""

from rolecall import api, bodies, tenants
from rolecall.roles import Role
from rolecall.users import NewUser


class Registration(bodies.Body):
    tenant_name: bodies.Name
    email: bodies.Email
    password: bodies.Password
    role: Role = Role.ADMIN
    webhook_url: bodies.WebhookUrl | None = None


@api.route(api.Family.TENANT, may_call=api.master, body=Registration)
def handler(request: api.Request[Registration]) -> api.Response:
    # The first user is always an admin, whatever role was asked for.
    body = request.body
    first_admin = NewUser(body.email, body.password, Role.ADMIN, body.webhook_url)
    tenant, created = tenants.register_tenant(
        request.call, body.tenant_name, first_admin, idempotency_key=request.idempotency_key
    )
    return api.Response(
        201, {**created.to_json(), "tenant": tenant.to_json(), "token": created.token}, api.etag(created.user.version)
    )
