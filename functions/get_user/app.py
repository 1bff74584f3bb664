"""GET /users/{id}: one user: oneself, someone one manages, or anyone for the master token."""

from rolecall.auth.roles import Role
from rolecall.http.guards import require_either, require_master_token, require_tenant_role
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route
from rolecall.tenants import users
from rolecall.tenants.allowed_roles import Include, find_allowed_roles


@route(
    Family.TENANT,
    may_call=require_either(require_tenant_role(*Role), require_master_token),
    query=frozenset({"include"}),
)
def handler(request: Request[None]) -> Response:
    include = request.query_choice("include", Include)
    user = users.get_user(request.context, request.path["id"])
    shown = user.to_json_without_token()
    if include is Include.ALLOWED_ROLES:
        shown["allowed_roles"] = find_allowed_roles(request.context, [user])[0]
    return Response(200, {"success": True, "data": shown}, etag_header(user.version))
