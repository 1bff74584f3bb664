"""POST /users/{id}/token: a new API token for oneself or someone one manages; the old one is dead."""

from rolecall.auth.roles import Role
from rolecall.http.guards import require_tenant_role
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route
from rolecall.tenants import user_tokens


@route(
    Family.TENANT,
    may_call=require_tenant_role(*Role),
    audit_refusals=("rotate_token", "user"),
)
def handler(request: Request[None]) -> Response:
    user, token = user_tokens.rotate_token(request.context, request.path["id"])
    return Response(
        200,
        {
            "success": True,
            "message": "API token rotated successfully",
            "data": {"user_id": user.id, "token": token},
            "note": "Keep the token: it is shown this once and cannot be read again.",
        },
        etag_header(user.version),
    )
