"""DELETE /users/{id}: delete someone else in the caller's tenant, with all that is theirs (admin, manager)."""

from rolecall import api, user_deletion
from rolecall.roles import ROLE_CHANGERS


@api.route(
    api.Family.TENANT,
    may_call=api.tenant_roles(*ROLE_CHANGERS),
    audit_refusals=("delete_user", "user"),
)
def handler(request: api.Request[None]) -> api.Response:
    user_deletion.delete_user(request.call, request.path["id"], if_match=request.if_match)
    return api.Response(200, {"success": True, "message": "User permanently deleted"})
