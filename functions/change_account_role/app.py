"""PUT /v1/api/superadmin/users/{id}/role: change the role of someone else's platform account (superadmin)."""

from typing import Annotated

from rolecall import accounts, api, bodies


class NewRole(bodies.Body):
    new_role: bodies.PlatformRoleName = bodies.field(alias="newRole")
    reason: Annotated[str, bodies.text(max_length=500)] | None = None


@api.route(
    api.Family.PLATFORM, may_call=api.superadmin, body=NewRole, audit_refusals=("change_account_role", "account")
)
def handler(request: api.Request[NewRole]) -> api.Response:
    account = accounts.change_account_role(
        request.call,
        request.int32("id"),
        request.body.new_role,
        reason=request.body.reason,
        if_match=request.if_match,
    )
    return api.Response(200, account.to_json(), api.etag(account.version))
