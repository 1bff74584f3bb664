"""DELETE /users/{id}: delete someone else in the caller's tenant, with all that is theirs (admin, manager)."""

from rolecall.auth.roles import ROLE_CHANGERS
from rolecall.http.guards import require_tenant_role
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route
from rolecall.tenants import user_deletion


@route(
    Family.TENANT,
    may_call=require_tenant_role(*ROLE_CHANGERS),
    query=frozenset({"reason"}),
    audit_refusals=("delete_user", "user"),
)
def handler(request: Request[None]) -> Response:
    reason = request.query_reason()
    user_deletion.delete_user(request.context, request.path["id"], reason=reason, if_match=request.if_match)
    return Response(200, {"success": True, "message": "User permanently deleted"})
