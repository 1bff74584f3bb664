"""PUT /users/{id}: change the role of someone else in the caller's tenant, or deactivate them (admin, manager)."""

from rolecall import api, bodies, users
from rolecall.roles import ROLE_CHANGERS, Role


class UserUpdate(bodies.Body, at_least_one="active or role is required"):
    active: bool = None  # type: ignore[assignment]  # absent, but not null
    role: Role = None  # type: ignore[assignment]


@api.route(
    api.Family.TENANT,
    may_call=api.tenant_roles(*ROLE_CHANGERS),
    body=UserUpdate,
    audit_refusals=("update_user", "user"),
)
def handler(request: api.Request[UserUpdate]) -> api.Response:
    body = request.body
    user = users.update_user(
        request.call, request.path["id"], role=body.role, active=body.active, if_match=request.if_match
    )
    return api.Response(200, {"success": True, "message": "User updated successfully"}, api.etag(user.version))
