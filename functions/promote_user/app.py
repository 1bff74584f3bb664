"""POST /users/{id}/promote: change the role of someone else in the caller's tenant (admin, manager)."""

from rolecall.auth.roles import ROLE_CHANGERS
from rolecall.http.field_types import Reason, RoleName, Until
from rolecall.http.guards import require_tenant_role
from rolecall.http.models import ABSENT, Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route
from rolecall.tenants import user_changes


class Promotion(Body):
    new_role: RoleName
    until: Until = ABSENT
    reason: Reason | None = None


@route(
    Family.TENANT,
    may_call=require_tenant_role(*ROLE_CHANGERS),
    body=Promotion,
    audit_refusals=("promote_user", "user"),
)
def handler(request: Request[Promotion]) -> Response:
    body = request.body
    change = user_changes.promote_user(
        request.context,
        request.path["id"],
        body.new_role,
        until=body.until,
        reason=body.reason,
        if_match=request.if_match,
    )
    return Response(
        200,
        {
            "success": True,
            "message": "User role updated successfully",
            "data": change.to_json(),
        },
        etag_header(change.version),
    )
