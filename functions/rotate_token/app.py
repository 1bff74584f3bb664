"""POST /users/{id}/token: a new API token for oneself or someone one manages; the old one is dead."""

from rolecall import api, users
from rolecall.roles import Role


@api.route(
    api.Family.TENANT,
    may_call=api.tenant_roles(*Role),
    audit_refusals=("rotate_token", "user"),
)
def handler(request: api.Request[None]) -> api.Response:
    user, token = users.rotate_token(request.call, request.path["id"])
    return api.Response(
        200,
        {
            "success": True,
            "message": "API token rotated successfully",
            "data": {"user_id": user.id, "token": token},
            "note": "Keep the token: it is shown this once and cannot be read again.",
        },
        api.etag(user.version),
    )
