"""POST /users: make a user in the caller's tenant (admin)."""

from rolecall import api, bodies, users
from rolecall.roles import Role


class UserToCreate(bodies.Body):
    email: bodies.Email
    password: bodies.Password
    role: Role
    webhook_url: bodies.WebhookUrl | None = None


@api.route(api.Family.TENANT, may_call=api.tenant_roles(Role.ADMIN), body=UserToCreate)
def handler(request: api.Request[UserToCreate]) -> api.Response:
    body = request.body
    new = users.NewUser(body.email, body.password, body.role, body.webhook_url)
    created = users.create_user(request.call, new, idempotency_key=request.idempotency_key)
    return api.Response(201, created.to_json(), api.etag(created.user.version))
