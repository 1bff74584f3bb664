"""GET /users/{id}: one user: oneself, someone one manages, or anyone for the master token."""

from rolecall.auth.roles import Role
from rolecall.http.guards import require_either, require_master_token, require_tenant_role
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route
from rolecall.tenants import users


@route(Family.TENANT, may_call=require_either(require_tenant_role(*Role), require_master_token))
def handler(request: Request[None]) -> Response:
    user = users.get_user(request.context, request.path["id"])
    return Response(200, {"success": True, "data": user.to_json_without_token()}, etag_header(user.version))
