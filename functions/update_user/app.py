"""PUT /users/{id}: change the role of someone else in the caller's tenant, or deactivate them (admin, manager)."""

from rolecall.auth.roles import ROLE_CHANGERS, Role
from rolecall.http import bodies
from rolecall.http.guards import require_tenant_role
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag
from rolecall.http.routes import route
from rolecall.tenants import user_changes


class UserUpdate(bodies.Body, at_least_one="active or role is required"):
    active: bool = None  # type: ignore[assignment]  # absent, but not null
    role: Role = None  # type: ignore[assignment]


@route(
    Family.TENANT,
    may_call=require_tenant_role(*ROLE_CHANGERS),
    body=UserUpdate,
    audit_refusals=("update_user", "user"),
)
def handler(request: Request[UserUpdate]) -> Response:
    body = request.body
    user = user_changes.update_user(
        request.context, request.path["id"], role=body.role, active=body.active, if_match=request.if_match
    )
    return Response(200, {"success": True, "message": "User updated successfully"}, etag(user.version))
