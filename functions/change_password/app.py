"""PUT /users/{id}/password: change one's own password, or set that of someone whom one manages; other sessions end."""

from rolecall.auth.roles import Role
from rolecall.http.field_types import Password
from rolecall.http.guards import require_tenant_role
from rolecall.http.models import ABSENT, Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route
from rolecall.tenants import user_passwords


class PasswordChange(Body):
    # Of any length, as at the login.
    current_password: str = ABSENT
    new_password: Password


@route(
    Family.TENANT,
    may_call=require_tenant_role(*Role),
    body=PasswordChange,
    audit_refusals=("change_password", "user"),
)
def handler(request: Request[PasswordChange]) -> Response:
    body = request.body
    user = user_passwords.change_password(
        request.context, request.path["id"], body.new_password, current_password=body.current_password
    )
    return Response(200, {"success": True, "message": "Password changed"}, etag_header(user.version))
