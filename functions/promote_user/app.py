"""POST /users/{id}/promote: change the role of someone else in the caller's tenant (admin, manager)."""

from rolecall import api, bodies, users
from rolecall.roles import ROLE_CHANGERS, Role


class Promotion(bodies.Body):
    new_role: Role


@api.route(
    api.Family.TENANT,
    may_call=api.tenant_roles(*ROLE_CHANGERS),
    body=Promotion,
    audit_refusals=("promote_user", "user"),
)
def handler(request: api.Request[Promotion]) -> api.Response:
    change = users.promote_user(request.call, request.path["id"], request.body.new_role, if_match=request.if_match)
    return api.Response(
        200,
        {
            "success": True,
            "message": "User role updated successfully",
            "data": {"user_id": change.user_id, "old_role": change.old_role, "new_role": change.new_role},
        },
        api.etag(change.version),
    )
