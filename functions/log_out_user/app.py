"""POST /logout: end the session of a tenant's user, its access and its refresh token."""

from rolecall.auth.roles import Role
from rolecall.http.guards import require_tenant_role
from rolecall.http.models import Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route
from rolecall.tenants import sessions


class UserLogout(Body):
    refresh_token: str


@route(Family.TENANT, may_call=require_tenant_role(*Role), body=UserLogout)
def handler(request: Request[UserLogout]) -> Response:
    sessions.log_out_user(request.context, request.body.refresh_token)
    return Response(200, {"success": True, "message": "Logged out"})
